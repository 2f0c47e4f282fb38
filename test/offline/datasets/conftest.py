from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

# Two cameras of 16x8 px, 0.5 m apart; the left one 0.06 m to the left of camera 0.
P_LEFT = "10 0 7.5 0.6 0 10 3.5 0 0 0 1 0"
P_RIGHT = "10 0 7.5 -4.4 0 10 3.5 0 0 0 1 0"
STAMPS = (
    "2011-09-26 13:02:25.964389445",
    "2011-09-26 13:02:26.064450000",
    "2011-09-26 13:02:26.164500001",
)


def write_images(folder: Path, digits: int, count: int = 3) -> None:
    folder.mkdir(parents=True)
    for index in range(count):
        pixels = np.full((8, 16), index, np.uint8)
        cv2.imwrite(str(folder / f"{index:0{digits}d}.png"), pixels)


@pytest.fixture
def kitti_raw(tmp_path: Path) -> Path:
    """A drive of three frames with both colour cameras."""
    day = tmp_path / "2011_09_26"
    drive = day / "2011_09_26_drive_0001_sync"
    for camera in ("02", "03"):
        write_images(drive / f"image_{camera}" / "data", 10)
        (drive / f"image_{camera}" / "timestamps.txt").write_text("\n".join(STAMPS) + "\n")
    (day / "calib_cam_to_cam.txt").write_text(
        "calib_time: 09-Jan-2012 13:57:47\ncorner_dist: 9.950000e-02\n"
        f"S_rect_02: 16 8\nP_rect_02: {P_LEFT}\nS_rect_03: 16 8\nP_rect_03: {P_RIGHT}\n"
    )
    return drive


@pytest.fixture
def kitti_odometry(tmp_path: Path) -> Callable[..., Path]:
    """Make a sequence of three frames with the cameras of the given numbers."""

    def make(*cameras: int) -> Path:
        folder = tmp_path / "sequences" / "07"
        for camera in cameras:
            write_images(folder / f"image_{camera}", 6)
        zero = "10 0 7.5 0 0 10 3.5 0 0 0 1 0"
        right = "10 0 7.5 -5 0 10 3.5 0 0 0 1 0"
        names = {"P0": zero, "P1": right, "P2": P_LEFT, "P3": P_RIGHT}
        (folder / "calib.txt").write_text("".join(f"{n}: {v}\n" for n, v in names.items()))
        return folder

    return make


@pytest.fixture
def kitti_scene_flow(tmp_path: Path) -> Path:
    """A data set of three training pairs of 16x8 px; each image has a value of its own."""
    root = tmp_path / "scene_flow"
    (root / "training" / "calib_cam_to_cam").mkdir(parents=True)
    for side, camera in enumerate(("image_2", "image_3")):
        folder = root / "training" / camera
        folder.mkdir()
        for number in range(3):
            for moment in (0, 1):
                value = 100 * number + 10 * moment + side
                pixels = np.full((8, 16, 3), (value + 2, value + 1, value), np.uint8)
                cv2.imwrite(str(folder / f"{number:06d}_1{moment}.png"), pixels)
    for number in range(3):
        file = root / "training" / "calib_cam_to_cam" / f"{number:06d}.txt"
        file.write_text(f"P_rect_02: {P_LEFT}\nP_rect_03: {P_RIGHT}\n")
    return root


@pytest.fixture(scope="session")
def golden_raw(repository: Path) -> dict[str, np.ndarray]:
    """Two scans of the metric goldens, their calibration and the maps that the systems make."""
    with np.load(repository / "test" / "data" / "datasets" / "velodyne.npz") as arrays:
        return dict(arrays)


@pytest.fixture
def kitti_depth(tmp_path: Path, golden_raw: dict[str, np.ndarray]) -> Path:
    """KITTI raw with the scans of ``golden_raw`` and a list; the first has neighbours in time."""
    root = tmp_path / "raw"
    for index, line in enumerate(golden_raw["files"]):
        image = root / str(line)
        drive = image.parents[2]
        image.parent.mkdir(parents=True)
        number = int(image.stem)
        shape = golden_raw[f"velodyne_z_{index}"].shape
        for step in (-1, 0, 1) if number else (0,):
            neighbour = image.with_name(f"{number + step:010d}.png")
            cv2.imwrite(str(neighbour), np.full(shape, 100 + step, np.uint8))
        scans = drive / "velodyne_points" / "data"
        scans.mkdir(parents=True)
        golden_raw[f"velo_{index}"].tofile(scans / f"{number:010d}.bin")
    for file, names in (
        ("calib_cam_to_cam.txt", ("R_rect_00", "P_rect_02", "P_rect_03")),
        ("calib_velo_to_cam.txt", ("R", "T")),
    ):
        lines = (f"{n}: {' '.join(repr(float(v)) for v in golden_raw[n])}\n" for n in names)
        (root / "2011_09_26" / file).write_text(
            "calib_time: 15-Mar-2012 11:37:16\n" + "".join(lines)
        )
    (root / "list.txt").write_text("\n".join(golden_raw["files"]))  # no final newline, as Semseg
    return root
