"""A sequence of KITTI odometry, colour cameras if it has them, else grey."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from offline.datasets.base import (
    FIRST_STAMP_NS,
    LEFT_FRAME,
    RIGHT_FRAME,
    Camera,
    CameraSequence,
    ImageFile,
    even_stamps_ns,
    odom_from_optical,
)
from offline.datasets.kitti_calibration import (
    Array,
    Projection,
    baseline_m,
    projection,
    read_lines,
    read_named,
    read_poses,
)
from scene_perception.recordings.image_folder import image_files, read_image

_PAIRS = ((2, 3), (0, 1))
_FPS = 10.0


def read_kitti_odometry(folder: Path) -> CameraSequence:
    """Return a sequence such as ``sequences/00``.

    ``times.txt`` gives the stamps, without it they are at 10 Hz. Poses come from
    ``poses.txt`` in the folder or from the data set's ``poses/00.txt``; a sequence without
    them has none.

    Raises:
        ValueError: naming the file that is missing or cannot be read.
    """
    pairs = [pair for pair in _PAIRS if (folder / f"image_{pair[0]}").is_dir()]
    if not pairs:
        raise ValueError(f"KITTI odometry sequence {folder} must have image_2 or image_0")
    left, right = pairs[0]
    calibration = folder / "calib.txt"
    named = read_named(calibration)
    projections = {number: projection(named, f"P{number}", calibration) for number in pairs[0]}
    stamps = _stamps_ns(folder, left)
    has_right = (folder / f"image_{right}").is_dir()
    return CameraSequence(
        stamps,
        _camera(folder, left, projections, len(stamps)),
        _camera(folder, right, projections, len(stamps), left) if has_right else None,
        _poses(folder, projections[left], len(stamps)),
    )


def _stamps_ns(folder: Path, left: int) -> tuple[int, ...]:
    times = folder / "times.txt"
    if not times.exists():
        last = image_files(folder / f"image_{left}")[-1]
        return even_stamps_ns(_number(last) + 1, _FPS)
    try:
        seconds = [float(line) for line in read_lines(times)]
    except ValueError as error:
        raise ValueError(f"{times} must have one time in seconds a line: {error}") from error
    return tuple(FIRST_STAMP_NS + round(value * 1e9) for value in seconds)


def _number(file: Path) -> int:
    if not file.stem.isdigit():
        raise ValueError(f"KITTI odometry images must be called 000000.png ..., got {file}")
    return int(file.stem)


def _camera(
    folder: Path,
    number: int,
    projections: dict[int, Projection],
    count: int,
    left: int | None = None,
) -> Camera:
    images = folder / f"image_{number}"
    present = image_files(images)[0]
    height, width = read_image(present)[0].shape[:2]
    own = projections[number]
    return Camera(
        frame_id=LEFT_FRAME if left is None else RIGHT_FRAME,
        pictures=tuple(ImageFile(images / f"{i:06d}{present.suffix}") for i in range(count)),
        intrinsics=own.intrinsics(width, height),
        baseline_m=0.0 if left is None else baseline_m(projections[left], own),
    )


def _poses(folder: Path, left: Projection, count: int) -> Array | None:
    """Return the left camera's poses; the file's are those of camera 0. # (N, 4, 4)."""
    files = (folder / "poses.txt", folder.parent.parent / "poses" / f"{folder.name}.txt")
    file = next((file for file in files if file.exists()), None)
    if file is None:
        return None
    poses = read_poses(file)
    if len(poses) != count:
        raise ValueError(f"{file} must have a pose for each of {count} images, got {len(poses)}")
    camera0_from_left = np.eye(4)
    camera0_from_left[:3, 3] = -left.offset_m()
    return odom_from_optical(poses @ camera0_from_left)
