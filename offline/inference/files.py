"""Estimates as files: pictures for people, raw arrays, KITTI's formats."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from offline.datasets.label_maps import ids_of
from offline.inference.estimates import Estimates
from offline.inference.moments import Image, Moment
from offline.kitti_files import write_depth, write_disparity, write_flow
from offline.png_files import write_png
from scene_perception import visualization
from scene_perception.overlays import overlay_mask
from scene_perception.pipelines.postprocess import resized

KITTI_FOLDERS: Mapping[str, str] = {
    "depth": "depth",
    "labels": "semantics",
    "flow": "flow",
    "motion_mask": "motion",
    "disparity": "disp_0",
    "next_disparity": "disp_1",
}


class Writer(Protocol):
    """Takes estimates one moment at a time."""

    def write(self, moment: Moment, image: Image, estimates: Estimates) -> None:
        """Write what one moment has.

        Raises:
            OSError: where a folder or file cannot be made.
            ValueError: where an array cannot be written.
        """
        ...

    def close(self) -> None:
        """Finish what is open; what has been written stays."""
        ...


class _Files:
    """A folder with one file per moment and array."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def close(self) -> None:
        """Do nothing: every file is whole."""

    def _path(self, kind: str, moment: Moment, suffix: str) -> Path:
        path = self._folder / kind / f"{moment.name}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


class Pictures(_Files):
    """``depth``, ``semantics``, ``flow``, ``motion`` and so on as colour PNGs."""

    def write(self, moment: Moment, image: Image, estimates: Estimates) -> None:
        """Write a picture of each estimate that has one."""
        for kind, picture in pictures(image, estimates).items():
            write_png(self._path(kind, moment, ".png"), picture[..., ::-1])


def pictures(image: Image, estimates: Estimates) -> dict[str, Image]:
    """Return pictures by their folder's name; both disparities share one scale.

    Args:
        image: the frame, RGB. # (H, W, 3)
        estimates: of it, at any resolution.
    """
    made: dict[str, Image] = {}
    for name, array in estimates.items():
        if name == "motion_mask":
            size = (array.shape[1], array.shape[0])
            made["motion"] = overlay_mask(resized(image, size), array)
        elif name == "next_disparity":
            scale = visualization.disparity_range(estimates["disparity"])
            made["disp_1"] = visualization.color_disparity(array, *scale)
        elif name in _COLORS:
            made[KITTI_FOLDERS[name]] = _COLORS[name](array)
    return made


_COLORS: Mapping[str, Callable[[NDArray[Any]], Image]] = {
    "depth": visualization.color_depth,
    "labels": visualization.color_labels,
    "flow": visualization.color_flow,
    "disparity": visualization.color_disparity,
}


class Arrays(_Files):
    """Every estimate as ``.npy``, in a folder of its own name."""

    def write(self, moment: Moment, image: Image, estimates: Estimates) -> None:
        """Write each array."""
        for name, array in estimates.items():
            np.save(self._path(name, moment, ".npy"), array, allow_pickle=False)


class KittiFiles(_Files):
    """KITTI's PNGs: depth, disparity and flow of 16 bits, labels and masks of 8.

    Args:
        folder: that holds ``depth``, ``semantics``, ``flow`` ...
        label_ids: store Cityscapes ids instead of train ids.
    """

    def __init__(self, folder: Path, *, label_ids: bool = False) -> None:
        super().__init__(folder)
        self._label_ids = label_ids

    def write(self, moment: Moment, image: Image, estimates: Estimates) -> None:
        """Write each estimate that KITTI has a format for."""
        for name, array in estimates.items():
            if name in KITTI_FOLDERS:
                self._write(name, self._path(KITTI_FOLDERS[name], moment, ".png"), array)

    def _write(self, name: str, path: Path, array: NDArray[Any]) -> None:
        if name == "flow":
            write_flow(path, array)
        elif name == "depth":
            write_depth(path, array)
        elif name.endswith("disparity"):
            write_disparity(path, array)
        else:
            write_png(path, ids_of(array) if name == "labels" and self._label_ids else array)


class Trajectory:
    """Camera poses as KITTI odometry has them: 12 numbers a line, in the first camera's frame.

    The first line is the first frame that has a motion to the next one; the file ends where a
    frame has none.

    Args:
        path: text file, made with the first pose.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pose = np.eye(4)
        self._next_index: int | None = None
        self._ended = False

    def write(self, moment: Moment, image: Image, estimates: Estimates) -> None:
        """Append the pose of the moment after this one."""
        step = estimates.get("next_from_current")
        if step is None or self._ended:
            return
        if self._next_index is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text(_line(self._pose))
        elif moment.index != self._next_index:
            self._ended = True
            return
        self._pose = self._pose @ np.linalg.inv(step)
        self._next_index = moment.index + 1
        with self._path.open("a") as file:
            file.write(_line(self._pose))

    def close(self) -> None:
        """Do nothing: every line is whole."""


def _line(pose: NDArray[np.float64]) -> str:
    return " ".join(f"{value:.9e}" for value in pose[:3].reshape(-1)) + "\n"
