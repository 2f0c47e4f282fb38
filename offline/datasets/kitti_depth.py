"""KITTI raw for the evaluation of depth: Eigen's and other lists, four kinds of ground truth."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

from offline.datasets.base import ImageFile
from offline.datasets.depth_truth import (
    TRUTHS,
    Depth,
    annotated_map,
    improved_depth,
    require_truth,
    scanned_depth,
)
from offline.datasets.folders import contents
from offline.datasets.kitti_calibration import Array, raw_image_from_velodyne
from offline.datasets.kitti_named_splits import split_frames
from offline.datasets.kitti_splits import RawFrame
from offline.datasets.samples import Sample

_DATES = "20[0-9][0-9]_[0-9][0-9]_[0-9][0-9]"
_SUFFIXES = (".png", ".jpg", ".jpeg")

Calibration = Callable[[str, int], Array]


def read_kitti_depth(
    root: Path, *, split: str = "eigen", truth: str = "velodyne_forward"
) -> tuple[Sample, ...]:
    """Return the frames of a split in its order, with ``depth`` and their neighbours in time.

    Samples are called as Eigen's list calls them, without suffix. Images may be PNG or JPEG,
    whatever the list says. Nothing but the list is read.

    Args:
        root: holds folders such as ``2011_09_26/2011_09_26_drive_0002_sync``; annotated depth
            maps lie there or in ``data_depth_annotated`` in it or beside it.
        split: as ``kitti_named_splits.split_frames``.
        truth: ``velodyne_forward``, ``velodyne_z``, ``velodyne_png`` or ``improved``.

    Raises:
        ValueError: for another truth, a list or folder that is missing or another one.
    """
    require_truth(truth, TRUTHS, "KITTI raw")
    if not any(root.glob(_DATES)):
        raise ValueError(
            f"KITTI raw folder {root} must have dates such as 2011_09_26; {contents(root)}"
        )
    frames = split_frames(split, root)
    _require_drives(root, frames)
    # A date's calibration is read once, when the first of its samples needs it.
    calibration = functools.cache(lambda date, camera: raw_image_from_velodyne(root / date, camera))
    return tuple(_sample(root, frame, truth, calibration) for frame in frames)


def _sample(root: Path, frame: RawFrame, truth: str, calibration: Calibration) -> Sample:
    image = _image(root, frame)
    pictures = {"current": ImageFile(image)}
    for role, step in (("previous", -1), ("next", 1)):
        neighbour = image.with_name(f"{frame.number + step:010d}{image.suffix}")
        if neighbour.is_file():
            pictures[role] = ImageFile(neighbour)
    return Sample(
        name=frame.name,
        pictures=pictures,
        truth={"depth": lambda: _depth(root, frame, image, truth, calibration)},
        where=frame.where,
        sequence=frame.drive,
    )


def _depth(root: Path, frame: RawFrame, image: Path, truth: str, calibration: Calibration) -> Depth:
    if truth == "improved":
        return improved_depth(annotated_map(root, frame.drive, frame.camera, frame.number), image)
    scan = root / frame.sequence / "velodyne_points" / "data" / f"{frame.number:010d}.bin"
    return scanned_depth(truth, scan, image, lambda: calibration(frame.drive[:10], frame.camera))


def _image(root: Path, frame: RawFrame) -> Path:
    """Return the frame's image as it lies there, else as the list has it."""
    listed = root / f"{frame.name}{frame.suffix}"
    candidates = (listed, *(root / f"{frame.name}{suffix}" for suffix in _SUFFIXES))
    return next(filter(Path.is_file, candidates), listed)


def _require_drives(root: Path, frames: tuple[RawFrame, ...]) -> None:
    if not any((root / frame.sequence).is_dir() for frame in frames):
        raise ValueError(
            f"KITTI raw folder {root} must have drives of the split such as "
            f"{frames[0].sequence}; {contents(root)}"
        )
