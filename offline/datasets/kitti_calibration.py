"""KITTI's calibration files: projection matrices and what they say of a stereo pair."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scene_perception.geometry.camera import Intrinsics

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Projection:
    """A rectified camera's 3x4 projection from the frame of camera 0, px and metres."""

    matrix: Array

    def offset_m(self) -> Array:
        """Return t with points_camera = points_camera0 + t. # (3,)."""
        return np.linalg.solve(self.matrix[:, :3], self.matrix[:, 3]).astype(np.float64)

    def intrinsics(self, width: int, height: int) -> Intrinsics:
        """Return the pinhole part for an image of ``width x height`` px."""
        p = self.matrix
        return Intrinsics(
            fx=float(p[0, 0]),
            fy=float(p[1, 1]),
            cx=float(p[0, 2]),
            cy=float(p[1, 2]),
            width=width,
            height=height,
        )


def baseline_m(left: Projection, right: Projection) -> float:
    """Return the distance from the left to the right camera along x."""
    return float(left.offset_m()[0] - right.offset_m()[0])


def read_lines(file: Path) -> list[str]:
    """Return a text file's lines that are not blank.

    Raises:
        ValueError: naming the file, if it cannot be read or is empty.
    """
    try:
        lines = [line for line in file.read_text().splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{file} cannot be read: {error}") from error
    if not lines:
        raise ValueError(f"{file} must not be empty")
    return lines


def read_named(file: Path) -> dict[str, Array]:
    """Return the numbers of ``name: numbers`` lines; lines of other content are skipped.

    Lines of numbers alone are called P0, P1, ... in their order.

    Raises:
        ValueError: naming the file, if it cannot be read.
    """
    found: dict[str, Array] = {}
    for index, line in enumerate(read_lines(file)):
        name, colon, rest = line.partition(":")
        try:
            values = np.array((rest if colon else line).split(), np.float64)
        except ValueError:
            continue  # a date
        found[name.strip() if colon else f"P{index}"] = values
    return found


def projection(named: dict[str, Array], name: str, file: Path) -> Projection:
    """Return the projection matrix called ``name``.

    Raises:
        ValueError: naming the file, if it is missing, has not 12 numbers, or is no camera's.
    """
    values = named.get(name, np.empty(0))
    if len(values) != 12 or not np.isfinite(values).all() or values[0] <= 0 or values[5] <= 0:
        raise ValueError(
            f"{file} must have {name} with 12 numbers of a projection matrix, got {values.tolist()}"
        )
    return Projection(values.reshape(3, 4))


def read_poses(file: Path) -> Array:
    """Return a KITTI pose file's poses: camera 0 to world, optical axes, metres. # (N, 4, 4).

    Raises:
        ValueError: naming the file and line, if it cannot be read.
    """
    poses = np.tile(np.eye(4), (len(lines := read_lines(file)), 1, 1))
    for index, line in enumerate(lines):
        try:
            poses[index, :3] = np.array(line.split(), np.float64).reshape(3, 4)
        except ValueError as error:
            raise ValueError(f"{file}, line {index + 1} must have 12 numbers: {error}") from error
    return poses
