"""KITTI's drives and odometry sequences as samples, one for each frame.

Stamps are those of ``read_kitti_odometry`` and ``read_kitti_raw``, so what was predicted from a
bag of ``offline.make_bag`` is matched by stamp.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import cast

from offline.datasets.base import CameraSequence, ImageFile, Picture, optical_from_odom
from offline.datasets.depth_truth import (
    TRUTHS,
    Depth,
    annotated_map,
    improved_depth,
    require_truth,
    scanned_depth,
)
from offline.datasets.kitti_calibration import Array, raw_image_from_velodyne
from offline.datasets.kitti_odometry import read_kitti_odometry
from offline.datasets.kitti_raw import calibration_folder, read_kitti_raw
from offline.datasets.samples import Sample, Truth

Truths = Mapping[str, Callable[[], Truth]]


def odometry_samples(folder: Path) -> tuple[Sample, ...]:
    """Return a sequence such as ``sequences/09`` of KITTI odometry.

    ``world_from_camera`` are the poses of the images' camera, where the sequence has them; the
    world is the first frame of camera 0, its axes optical (x right, y down, z ahead).

    Raises:
        ValueError: as ``read_kitti_odometry``.
    """
    folder = Path(os.path.abspath(folder))  # names need them, links stay
    sequence = read_kitti_odometry(folder)
    poses = sequence.odom_from_camera
    world_from_camera = None if poses is None else optical_from_odom(poses)

    def truths(index: int) -> Truths:
        if world_from_camera is None:
            return {}
        return {"world_from_camera": lambda: world_from_camera[index]}

    return _samples(sequence, folder.parent, folder.name, truths)


def raw_samples(drive: Path, *, truth: str = "velodyne_forward") -> tuple[Sample, ...]:
    """Return a drive such as ``2011_09_26/2011_09_26_drive_0001_sync`` of KITTI raw.

    Samples are called as in Eigen's list. They have ``depth`` where the drive has
    ``velodyne_points``, or ``improved`` is wanted; a frame without a scan or map is noticed
    when its depth is asked for.

    Args:
        drive: holds ``image_02`` (or ``image_00``) and ``velodyne_points``.
        truth: as ``read_kitti_depth``.

    Raises:
        ValueError: for another truth, and as ``read_kitti_raw``.
    """
    require_truth(truth, TRUTHS, "a drive")
    drive = Path(os.path.abspath(drive))
    sequence = read_kitti_raw(drive)
    scans = drive / "velodyne_points" / "data"
    has_depth = truth == "improved" or scans.is_dir()

    @functools.cache
    def image_from_velodyne(camera: int) -> Array:
        return raw_image_from_velodyne(calibration_folder(drive), camera)

    def depth(image: Path) -> Depth:
        camera = int(image.parent.parent.name[-2:])
        if truth == "improved":
            file = annotated_map(drive.parent.parent, drive.name, camera, int(image.stem))
            return improved_depth(file, image)
        scan = scans / f"{image.stem}.bin"
        return scanned_depth(truth, scan, image, lambda: image_from_velodyne(camera))

    def truths(index: int) -> Truths:
        if not has_depth:
            return {}
        return {"depth": lambda: depth(_file(sequence.left.pictures[index]))}

    return _samples(sequence, drive.parent.parent, drive.name, truths)


def _samples(
    sequence: CameraSequence, above: Path, name: str, truths: Callable[[int], Truths]
) -> tuple[Sample, ...]:
    return tuple(
        Sample(
            name=_file(sequence.left.pictures[index]).relative_to(above).with_suffix("").as_posix(),
            pictures=_pictures(sequence, index),
            truth=truths(index),
            sequence=name,
            stamp_ns=stamp,
        )
        for index, stamp in enumerate(sequence.stamps_ns)
    )


def _file(picture: Picture) -> Path:
    return cast(ImageFile, picture).path  # of KITTI all are files


def _pictures(sequence: CameraSequence, index: int) -> dict[str, Picture]:
    left = sequence.left.pictures
    pictures: dict[str, Picture] = {"current": left[index]}
    if index > 0:
        pictures["previous"] = left[index - 1]
    if index + 1 < len(left):
        pictures["next"] = left[index + 1]
    if sequence.right is not None:
        pictures["right"] = sequence.right.pictures[index]
        if index + 1 < len(left):
            pictures["next_right"] = sequence.right.pictures[index + 1]
    return pictures
