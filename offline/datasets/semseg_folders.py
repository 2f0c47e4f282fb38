"""What Segmentation-MonoDepth-Pytorch's users have on disk, split as its loaders do."""

from __future__ import annotations

from pathlib import Path

from offline.datasets.cityscapes_folders import read_cityscapes
from offline.datasets.kitti_semantics import read_kitti_semantics
from offline.datasets.samples import Sample
from offline.datasets.vis_folders import read_vis_folders

# Depth of Cityscapes from here on is left out.
FURTHEST_M = 85.0
_EVERY = 5


def read_semseg_kitti(root: Path, *, split: str = "val") -> tuple[Sample, ...]:
    """Return KITTI semantics: every fifth training image for validation, the others to train.

    Args:
        root: the data set.
        split: ``train`` (160), ``val`` (40) or ``test``.

    Raises:
        ValueError: as ``read_kitti_semantics``, or for another split.
    """
    if split not in ("train", "val", "test"):
        raise ValueError(f"split must be train, val or test, got {split!r}")
    if split == "test":
        return read_kitti_semantics(root, split="testing")
    samples = read_kitti_semantics(root)
    validates = split == "val"
    return tuple(
        sample for index, sample in enumerate(samples) if (index % _EVERY == 0) is validates
    )


def read_semseg_cityscapes(root: Path, *, split: str = "val") -> tuple[Sample, ...]:
    """Return Cityscapes, whose depth from 85 m on counts as not measured.

    Raises:
        ValueError: as ``read_cityscapes``.
    """
    return read_cityscapes(root, split=split, furthest_m=FURTHEST_M)


def read_semseg_depth(root: Path, *, split: str = "val") -> tuple[Sample, ...]:
    """Return KITTI prepared for training: scene folders with images and depth maps.

    Raises:
        ValueError: as ``read_vis_folders``.
    """
    return read_vis_folders(root, split=split)
