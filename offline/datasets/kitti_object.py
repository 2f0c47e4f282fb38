"""KITTI's object benchmark for the evaluation of depth: single frames with their scans.

A split (``training`` or ``testing``) holds ``image_2/000000.png``, ``velodyne/000000.bin`` and
``calib/000000.txt``; ``image_3`` (the right camera) and ``prev_2/000000_01.png`` (the frame
before) may be there, too.
"""

from __future__ import annotations

from pathlib import Path

from offline.datasets.base import ImageFile
from offline.datasets.depth_truth import SCANNED, require_truth, scanned_depth
from offline.datasets.folders import contents
from offline.datasets.kitti_calibration import object_image_from_velodyne
from offline.datasets.samples import Sample
from scene_perception.recordings.image_folder import image_files

_IMAGES = "image_2"
_OTHERS = {"right": "image_3/{name}{suffix}", "previous": "prev_2/{name}_01{suffix}"}


def read_kitti_object(root: Path, *, truth: str = "velodyne_forward") -> tuple[Sample, ...]:
    """Return the frames in the order of their numbers, with ``depth`` from the scan.

    Args:
        root: the data set (its ``training`` is taken), or a split's folder itself.
        truth: ``velodyne_forward``, ``velodyne_z`` or ``velodyne_png``.

    Raises:
        ValueError: for another truth, or a folder without images.
    """
    require_truth(truth, SCANNED, "KITTI object")
    folders = [folder for folder in (root, root / "training") if (folder / _IMAGES).is_dir()]
    if not folders:
        raise ValueError(
            f"KITTI object folder {root} must have {_IMAGES}, velodyne and calib, or training with "
            f"them; {contents(root)}"
        )
    return tuple(_sample(folders[0], image, truth) for image in image_files(folders[0] / _IMAGES))


def _sample(folder: Path, image: Path, truth: str) -> Sample:
    name = image.stem
    scan, calibration = folder / "velodyne" / f"{name}.bin", folder / "calib" / f"{name}.txt"
    pictures = {"current": ImageFile(image)}
    for role, place in _OTHERS.items():
        other = folder / place.format(name=name, suffix=image.suffix)
        if other.is_file():
            pictures[role] = ImageFile(other)
    return Sample(
        name=f"{_IMAGES}/{name}",
        pictures=pictures,
        truth={
            "depth": lambda: scanned_depth(
                truth, scan, image, lambda: object_image_from_velodyne(calibration)
            )
        },
    )
