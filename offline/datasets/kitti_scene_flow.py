"""KITTI 2015 scene flow: two consecutive stereo pairs at a time, and their calibration.

A split (``training`` or ``testing``) holds ``image_2`` and ``image_3``, the left and right
colour images ``000000_10.png`` and ``000000_11.png``, and ``calib_cam_to_cam/000000.txt``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from offline.datasets.kitti_2015_files import (
    LEFT,
    MOMENT,
    RIGHT,
    SPLITS,
    Frame,
    find_split,
    frames_in,
    scenes_of,
)
from offline.datasets.kitti_calibration import baseline_m, projection, read_named
from scene_perception.geometry.stereo_camera import StereoCamera
from scene_perception.recordings.image_folder import read_image

Image = NDArray[np.uint8]
Images = tuple[Image, Image, Image, Image]


@dataclass(frozen=True)
class ScenePairs:
    """Files of two consecutive stereo pairs, read when asked for.

    Attributes:
        number: that KITTI gives them.
        left: image at t.
        right: image at t.
        next_left: image at t+1.
        next_right: image at t+1.
        calibration: of both pairs, or None.
    """

    number: int
    left: Path
    right: Path
    next_left: Path
    next_right: Path
    calibration: Path | None = None

    def images(self) -> Images:
        """Return left, right, next left and next right image, RGB. # (H, W, 3).

        Raises:
            ValueError: naming the file that is missing, damaged or of another size.
        """
        left = _rgb(self.left)
        others = [_rgb(path) for path in (self.right, self.next_left, self.next_right)]
        for path, image in zip((self.right, self.next_left, self.next_right), others, strict=True):
            if image.shape != left.shape:
                raise ValueError(
                    f"image {path} must have the size of {self.left}, {_size(left)}, "
                    f"got {_size(image)}"
                )
        return left, others[0], others[1], others[2]

    def camera(self) -> StereoCamera:
        """Return the calibration of images of the left one's size.

        Raises:
            ValueError: naming the file that is missing or cannot be read.
        """
        if self.calibration is None:
            raise ValueError(f"calibration of {self.left} must be given, there is none")
        named = read_named(self.calibration)
        left, right = (
            projection(named, f"P_rect_{number}", self.calibration) for number in ("02", "03")
        )
        height, width = _rgb(self.left).shape[:2]
        return StereoCamera(
            left.intrinsics(width, height),
            right.intrinsics(width, height),
            baseline_m(left, right),
        )


def read_kitti_scene_flow(root: Path, split: str = "training") -> tuple[ScenePairs, ...]:
    """Return the image pairs of a split in the order of their numbers.

    A number is listed if any of its four images is there, so that a missing one is noticed
    when it is read.

    Args:
        root: the data set, or a split's folder itself.
        split: ``training`` or ``testing``; of no interest for a split's folder.

    Raises:
        ValueError: for another split, or a folder without images.
    """
    if split not in SPLITS:
        raise ValueError(f"split must be {' or '.join(SPLITS)}, got {split!r}")
    folder = find_split(root, split)
    return tuple(_pairs(folder, scene) for scene in scenes_of(frames_in(folder), folder))


def gaps(numbers: Sequence[int]) -> list[int]:
    """Return which numbers from 0 to the last are not there: the development kit wants all."""
    return sorted(set(range(max(numbers, default=-1) + 1)) - set(numbers))


def _pairs(folder: Path, scene: int) -> ScenePairs:
    name, following = (Frame(scene, moment).file_name for moment in (MOMENT, MOMENT + 1))
    return ScenePairs(
        scene,
        left=folder / LEFT / name,
        right=folder / RIGHT / name,
        next_left=folder / LEFT / following,
        next_right=folder / RIGHT / following,
        calibration=folder / "calib_cam_to_cam" / f"{scene:06d}.txt",
    )


def _rgb(path: Path) -> Image:
    return np.ascontiguousarray(read_image(path, "rgb8")[0])


def _size(image: Image) -> str:
    return f"{image.shape[1]}x{image.shape[0]} px"
