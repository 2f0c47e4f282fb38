"""What a data set yields: one or two cameras' images with stamps, calibration and poses."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from scene_perception.geometry.camera import Intrinsics
from scene_perception.recordings.image_folder import FORMATS, read_bytes, read_image

# ROS takes a stamp of zero for "no time yet", so data sets that count from zero start here.
FIRST_STAMP_NS = 1_000_000_000
LEFT_FRAME, RIGHT_FRAME = "camera_left_optical", "camera_right_optical"
_ODOM_FROM_OPTICAL = np.array([[0.0, 0, 1, 0], [-1, 0, 0, 0], [0, -1, 0, 0], [0, 0, 0, 1]])


class Picture(Protocol):
    """One image of a sequence, made or read when asked for."""

    def pixels(self, encoding: str) -> tuple[NDArray[Any], str]:
        """Return the pixels and their encoding; an empty one keeps what there is.

        Raises:
            ValueError: naming what is missing or damaged.
        """
        ...

    def encoded(self) -> tuple[bytes, str]:
        """Return a compressed image's bytes and its format, ``png`` or ``jpeg``.

        Raises:
            ValueError: naming what is missing or damaged.
        """
        ...


@dataclass(frozen=True)
class ImageFile:
    """A picture in a PNG or JPEG file."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    def pixels(self, encoding: str) -> tuple[NDArray[Any], str]:
        """Return the decoded file."""
        return read_image(self.path, encoding)

    def encoded(self) -> tuple[bytes, str]:
        """Return the file as it is; it is decoded once, to find damage."""
        read_image(self.path)
        return read_bytes(self.path), FORMATS[self.path.suffix.lower()]


@dataclass(frozen=True)
class Camera:
    """A rectified camera's images.

    Attributes:
        frame_id: its optical frame.
        pictures: one per stamp of the sequence.
        intrinsics: of every image, or None where unknown.
        baseline_m: from the left camera to this one along x; 0 for the left.
    """

    frame_id: str
    pictures: Sequence[Picture]
    intrinsics: Intrinsics | None
    baseline_m: float = 0.0


@dataclass(frozen=True, eq=False)
class CameraSequence:
    """Images of one camera or a stereo pair, in the order of their stamps.

    Attributes:
        stamps_ns: increasing.
        left: the left or only camera.
        right: the other camera of a stereo pair, or None.
        odom_from_camera: poses of the left camera in a frame with x forward, y left and z up
            (REP 103), metres, or None where unknown. # (N, 4, 4)

    Raises:
        ValueError: for counts that differ or stamps that do not increase.
    """

    stamps_ns: tuple[int, ...]
    left: Camera
    right: Camera | None = None
    odom_from_camera: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        count = len(self.stamps_ns)
        for index, (stamp, later) in enumerate(pairwise(self.stamps_ns)):
            if stamp >= later:
                raise ValueError(
                    f"stamps of frames must increase, frames {index} and {index + 1} have {stamp} "
                    f"and {later} ns"
                )
        for name, items in self._parts().items():
            if len(items) != count:
                raise ValueError(f"a sequence of {count} stamps must have {count} {name}, "
                                 f"got {len(items)}")  # fmt: skip

    def first(self, count: int) -> CameraSequence:
        """Return the first ``count`` frames."""
        right = self.right and _first(self.right, count)
        poses = self.odom_from_camera
        return CameraSequence(
            self.stamps_ns[:count],
            _first(self.left, count),
            right,
            None if poses is None else poses[:count],
        )

    def _parts(self) -> dict[str, Sequence[Any]]:
        parts: dict[str, Sequence[Any]] = {"left images": self.left.pictures}
        if self.right is not None:
            parts["right images"] = self.right.pictures
        if self.odom_from_camera is not None:
            parts["poses"] = list(self.odom_from_camera)
        return parts


def odom_from_optical(world_from_camera: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return poses whose world has an optical frame's axes in one with REP 103's. # (N, 4, 4)."""
    result: NDArray[np.float64] = _ODOM_FROM_OPTICAL @ world_from_camera
    return result


def optical_from_odom(odom_from_camera: NDArray[np.float64]) -> NDArray[np.float64]:
    """Undo ``odom_from_optical``, exactly. # (N, 4, 4)."""
    result: NDArray[np.float64] = _ODOM_FROM_OPTICAL.T @ odom_from_camera
    return result


def even_stamps_ns(count: int, fps: float) -> tuple[int, ...]:
    """Return ``count`` stamps at ``fps`` frames per second."""
    return tuple(FIRST_STAMP_NS + round(index * 1e9 / fps) for index in range(count))


def _first(camera: Camera, count: int) -> Camera:
    return dataclasses.replace(camera, pictures=camera.pictures[:count])
