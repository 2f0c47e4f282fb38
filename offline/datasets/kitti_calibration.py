"""KITTI's calibration files: projections, what they say of a stereo pair, and of the scanner."""

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
        # Editors on Windows put a mark before the first line.
        lines = [line for line in file.read_text("utf-8-sig").splitlines() if line.strip()]
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


def matrix(named: dict[str, Array], name: str, shape: tuple[int, int], file: Path) -> Array:
    """Return the matrix called ``name``.

    Raises:
        ValueError: naming the file, if it is missing or has another count of numbers.
    """
    values = named.get(name, np.empty(0))
    if len(values) != shape[0] * shape[1] or not np.isfinite(values).all():
        raise ValueError(
            f"{file} must have {name} with {shape[0] * shape[1]} numbers, got {values.tolist()}"
        )
    return values.reshape(shape)


def raw_image_from_velodyne(folder: Path, camera: int) -> Array:
    """Return the projection of KITTI raw's scanner to a rectified camera's pixels. # (3, 4).

    Args:
        folder: holds the date's ``calib_cam_to_cam.txt`` and ``calib_velo_to_cam.txt``.
        camera: 0 to 3.

    Raises:
        ValueError: naming the file that is missing or lacks a matrix.
    """
    cameras, scanner = folder / "calib_cam_to_cam.txt", folder / "calib_velo_to_cam.txt"
    named, placed = read_named(cameras), read_named(scanner)
    camera_from_velodyne = np.hstack(
        [matrix(placed, "R", (3, 3), scanner), matrix(placed, "T", (3, 1), scanner)]
    )
    rectification = matrix(named, "R_rect_00", (3, 3), cameras)
    own = projection(named, f"P_rect_{camera:02d}", cameras)
    return _image_from_velodyne(own, rectification, camera_from_velodyne)


def object_image_from_velodyne(file: Path, camera: int = 2) -> Array:
    """Return the projection of the scanner in a calibration file of KITTI object. # (3, 4).

    Raises:
        ValueError: naming the file, if it is missing or lacks a matrix.
    """
    named = read_named(file)
    return _image_from_velodyne(
        projection(named, f"P{camera}", file),
        matrix(named, "R0_rect", (3, 3), file),
        matrix(named, "Tr_velo_to_cam", (3, 4), file),
    )


def _image_from_velodyne(
    camera: Projection, rectification: Array, camera_from_velodyne: Array
) -> Array:
    rectified, placed = np.eye(4), np.eye(4)
    rectified[:3, :3] = rectification
    placed[:3] = camera_from_velodyne
    # In this order, as published: the last bits decide which way a pixel rounds.
    result: Array = camera.matrix @ rectified @ placed
    return result


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
