from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from offline.datasets.cityscapes_folders import cityscapes_depth, read_camera, read_cityscapes

NAME = "lindau/lindau_000003_000019"


def write(root: Path, folder: str, file: str, pixels: np.ndarray, split: str = "val") -> Path:
    path = root / folder / split / file
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), pixels)
    return path


def image(value: int) -> np.ndarray:
    return np.full((8, 16, 3), value, np.uint8)


@pytest.fixture
def cityscapes(tmp_path):
    """One frame in each of two cities, with labels (26, car) and disparity (2.25 px)."""
    for name in (NAME, "bonn/bonn_000000_000019"):
        write(tmp_path, "leftImg8bit", f"{name}_leftImg8bit.png", image(1))
        labels = np.full((8, 16), 26, np.uint8)
        write(tmp_path, "gtFine", f"{name}_gtFine_labelIds.png", labels)
        disparity = np.full((8, 16), 1 + 576, np.uint16)
        disparity[0, :2] = 0, 1
        write(tmp_path, "disparity", f"{name}_disparity.png", disparity)
    return tmp_path


def test_frames_come_by_city(cityscapes):
    samples = read_cityscapes(cityscapes)
    assert [sample.name for sample in samples] == ["bonn/bonn_000000_000019", NAME]
    assert samples[1].sequence == "lindau/lindau_000003"
    assert list(samples[1].pictures) == ["current"]
    assert samples[1].image("current")[0, 0, 0] == 1


def test_truth_is_of_the_frame(cityscapes):
    sample = read_cityscapes(cityscapes)[1]
    assert (sample.known("label_ids")[0, 0], sample.known("labels")[0, 0]) == (26, 13)
    depth = sample.known("depth")
    assert depth[0, :2].tolist() == [0, 0]
    assert depth[1, 1] == pytest.approx(0.209313 * 2262.52 / 2.25, rel=1e-6)
    assert depth.dtype == np.float32


def test_depth_beyond_a_limit_counts_as_not_measured(cityscapes):
    file = cityscapes / "disparity" / "val" / f"{NAME}_disparity.png"
    assert cityscapes_depth(file, furthest_m=210.0)[1, 1] == 0
    assert cityscapes_depth(file, furthest_m=211.0)[1, 1] > 0


def test_other_images_are_there_where_their_folders_are(cityscapes):
    write(cityscapes, "rightImg8bit", f"{NAME}_rightImg8bit.png", image(2))
    for frame, value in ((18, 3), (20, 4)):
        name = f"lindau/lindau_000003_{frame:06d}_leftImg8bit.png"
        write(cityscapes, "leftImg8bit_sequence", name, image(value))
    images = read_cityscapes(cityscapes)[1].images(("right", "previous", "next"))
    assert [pixels[0, 0, 0] for pixels in images.values()] == [2, 3, 4]


def test_coarse_labels_are_read_where_there_are_no_fine_ones(cityscapes):
    write(cityscapes, "leftImg8bit", f"{NAME}_leftImg8bit.png", image(1), "train_extra")
    labels = np.full((8, 16), 7, np.uint8)
    write(cityscapes, "gtCoarse", f"{NAME}_gtCoarse_labelIds.png", labels, "train_extra")
    (sample,) = read_cityscapes(cityscapes, split="train_extra")
    assert sample.known("labels")[0, 0] == 0
    assert "depth" not in sample.truth


def test_a_missing_label_map_is_named(cityscapes):
    (cityscapes / "gtFine" / "val" / f"{NAME}_gtFine_labelIds.png").unlink()
    with pytest.raises(ValueError, match=rf"{NAME}_gtFine_labelIds.png cannot be read"):
        read_cityscapes(cityscapes)[1].known("labels")


def test_a_wrong_root_is_told_what_it_must_have(cityscapes):
    with pytest.raises(ValueError, match=r"must have leftImg8bit/train with .*; it has dispari"):
        read_cityscapes(cityscapes, split="train")
    (cityscapes / "leftImg8bit" / "test").mkdir()
    with pytest.raises(ValueError, match=r"leftImg8bit/test must hold <city>/.*; it is empty"):
        read_cityscapes(cityscapes, split="test")


def test_a_camera_file_has_the_calibration(tmp_path):
    file = tmp_path / "camera.json"
    content = {
        "extrinsic": {"baseline": 0.209313, "pitch": 0.05},
        "intrinsic": {"fx": 2262.52, "fy": 2265.3, "u0": 1096.98, "v0": 513.137},
    }
    file.write_text(json.dumps(content))
    camera = read_camera(file)
    assert (camera.left.fx, camera.left.cy, camera.baseline_m) == (2262.52, 513.137, 0.209313)
    assert (camera.left.width, camera.left.height) == (2048, 1024)
    file.write_text("{}")
    with pytest.raises(ValueError, match=r"camera.json must have intrinsic fx, fy, u0, v0"):
        read_camera(file)
