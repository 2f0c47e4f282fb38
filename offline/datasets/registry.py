"""Data sets by the names that tools know them by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from offline.datasets.camvid import read_camvid
from offline.datasets.cityscapes_folders import read_cityscapes
from offline.datasets.generated import SPLIT_RULE, read_generated
from offline.datasets.kitti_2015 import (
    read_kitti_2015,
    read_kitti_2015_truth,
    truth_folders,
)
from offline.datasets.kitti_2015_files import LEFT
from offline.datasets.kitti_depth import read_kitti_depth
from offline.datasets.kitti_object import read_kitti_object
from offline.datasets.kitti_semantics import read_kitti_semantics
from offline.datasets.kitti_sequences import odometry_samples, raw_samples
from offline.datasets.samples import Sample
from offline.datasets.semseg_folders import (
    read_semseg_cityscapes,
    read_semseg_depth,
    read_semseg_kitti,
)
from offline.datasets.sgdepth_folders import read_sgdepth_folders
from offline.datasets.three_frame import read_three_frame
from offline.datasets.vis_folders import read_vis_folders
from offline.distillation.lists import read_distilled

Samples = tuple[Sample, ...]


@dataclass(frozen=True)
class Selection:
    """Which samples of a data set, and which truth.

    Attributes:
        split: name or list file; empty for the usual one.
        truth: of depth, as ``metrics.depth_protocol.TRUTHS``; empty where depth is not wanted.
    """

    split: str = ""
    truth: str = ""


@dataclass(frozen=True)
class DataSet:
    """A data set that tools can walk over.

    Attributes:
        read: its samples; raises ValueError naming what is missing.
        description: its folder, in a few words.
    """

    read: Callable[[Path, Selection], Samples]
    description: str


def read_samples(name: str, root: Path | None, selection: Selection) -> Samples:
    """Return a data set's samples.

    Args:
        name: a key of ``DATASETS``.
        root: its folder; ``generated`` needs none.
        selection: which of them.

    Raises:
        ValueError: for another name, no folder, or naming what the folder lacks.
    """
    if name not in DATASETS:
        raise ValueError(f"data set must be one of {', '.join(DATASETS)}, got {name!r}")
    if name == "generated":
        return DATASETS[name].read(Path(), selection)
    if root is None:
        raise ValueError(f"--data must be the folder of {name} ({DATASETS[name].description})")
    if not root.is_dir():
        raise ValueError(f"--data must be the folder of {name}, {root} is none")
    return DATASETS[name].read(root, selection)


def _generated(_: Path, selection: Selection) -> Samples:
    return read_generated(selection.split or "0")


def _kitti_2015(root: Path, selection: Selection) -> Samples:
    rule = "sgdepth" if selection.truth == "kitti2015_png" else "rectified"
    if truth_folders(root) and not (root / LEFT).is_dir():
        return read_kitti_2015_truth(root, depth=rule)
    return read_kitti_2015(root, split=selection.split or "training", depth=rule)


def _distilled(root: Path, selection: Selection) -> Samples:
    return read_distilled(
        root, selection.split, lambda name, data, split: read_samples(name, data, Selection(split))
    )


def _by_split(read: Callable[..., Samples], usual: str) -> Callable[[Path, Selection], Samples]:
    """Return a reader that takes nothing but a split."""
    return lambda root, chosen: read(root, split=chosen.split or usual)


def _scans(selection: Selection) -> str:
    return selection.truth or "velodyne_z"


DATASETS: Mapping[str, DataSet] = {
    "kitti_raw": DataSet(
        lambda root, chosen: read_kitti_depth(
            root, split=chosen.split or "eigen", truth=_scans(chosen)
        ),
        "dates with drives and calibration; --split eigen, a list's name, or a list file",
    ),
    "kitti_drive": DataSet(
        lambda root, chosen: raw_samples(root, truth=_scans(chosen)),
        "one drive of KITTI raw, every frame",
    ),
    "kitti_object": DataSet(
        lambda root, chosen: read_kitti_object(root, truth=_scans(chosen)),
        "image_2, velodyne and calib",
    ),
    "kitti_odometry": DataSet(
        lambda root, _: odometry_samples(root), "one sequence: image_2 or image_0, calib.txt, poses"
    ),
    "kitti_2015": DataSet(_kitti_2015, "KITTI 2015 scene flow, with multi-view frames beside it"),
    "kitti_semantics": DataSet(
        _by_split(read_kitti_semantics, "training"),
        "training/image_2 and semantic",
    ),
    "cityscapes": DataSet(_by_split(read_cityscapes, "val"), "leftImg8bit, gtFine, disparity"),
    "camvid": DataSet(_by_split(read_camvid, "val"), "train, val and their _labels"),
    "three_frame": DataSet(
        _by_split(read_three_frame, "val"), "drives with three frames in each image, and lists"
    ),
    "vis": DataSet(
        _by_split(read_vis_folders, "val"), "KITTI-VIS or Cityscapes-VIS: scenes and lists"
    ),
    "sgdepth": DataSet(
        _by_split(read_sgdepth_folders, "kitti_zhou_split/test"),
        "SGDepth's folder of data sets; --split SPLIT/PART",
    ),
    "semseg_kitti": DataSet(_by_split(read_semseg_kitti, "val"), "KITTI semantics in 160 and 40"),
    "semseg_cityscapes": DataSet(
        _by_split(read_semseg_cityscapes, "val"), "Cityscapes with depth below 85 m"
    ),
    "semseg_depth": DataSet(_by_split(read_semseg_depth, "val"), "KITTI prepared for training"),
    "distilled": DataSet(_distilled, "labels of offline.distill; --split another list in it"),
    "generated": DataSet(
        _generated, f"the world of offline.synthetic, rendered; --split {SPLIT_RULE}"
    ),
}
