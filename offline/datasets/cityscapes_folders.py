"""Cityscapes as it is unpacked: a folder for each kind of file, with split and city in it.

``leftImg8bit/val/lindau/lindau_000000_000019_leftImg8bit.png``, and likewise ``rightImg8bit``,
``gtFine`` (or ``gtCoarse``), ``disparity``, ``camera`` and, for the frames before and after,
``leftImg8bit_sequence``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from offline.datasets.base import ImageFile
from offline.datasets.folders import contents, require_folder
from offline.datasets.label_maps import read_labels, read_train_ids
from offline.datasets.samples import Sample, Truth
from offline.png_files import read_png
from scene_perception.geometry.camera import Intrinsics
from scene_perception.geometry.stereo_camera import StereoCamera

# Metres times px: what the published readers take for every city.
FOCAL_BASELINE = 0.209313 * 2262.52

_LEFT, _RIGHT, _SEQUENCE = "leftImg8bit", "rightImg8bit", "leftImg8bit_sequence"
_SIZE = (2048, 1024)


def read_cityscapes(
    root: Path, *, split: str = "val", furthest_m: float = float("inf")
) -> tuple[Sample, ...]:
    """Return a split's frames by city and name, called ``lindau/lindau_000000_000019``.

    Each has ``current``; ``right``, ``previous``, ``next``, ``label_ids``, ``labels`` and
    ``depth`` where the folders that hold them are there.

    Args:
        root: the data set.
        split: ``train``, ``val``, ``test`` or ``train_extra``.
        furthest_m: depth from here on counts as not measured.

    Raises:
        ValueError: for a folder without the split's images.
    """
    images = require_folder(
        "Cityscapes", root, f"{_LEFT}/{split}", holds=f"<city>/<city>_000000_000019_{_LEFT}.png"
    )
    suffix = f"_{_LEFT}.png"
    files = sorted(images.glob(f"*/*{suffix}"))
    if not files:
        raise ValueError(
            f"{images} must hold <city>/<city>_000000_000019{suffix} ...; {contents(images)}"
        )
    there = {path.name for path in root.iterdir() if (path / split).is_dir()}
    names = [f"{file.parent.name}/{file.name.removesuffix(suffix)}" for file in files]
    return tuple(_sample(root, there, split, name, furthest_m) for name in names)


def cityscapes_depth(file: Path, furthest_m: float = float("inf")) -> NDArray[np.float32]:
    """Return the depth of a disparity map, m, 0 where it is not known. # (H, W) float32.

    A disparity is (value - 1) / 256 px. Depth is the published readers' constant by it.

    Raises:
        ValueError: naming the file that is missing or damaged.
    """
    disparity = (read_png(file, np.uint16).astype(np.float32) - 1) / np.float32(256)
    with np.errstate(divide="ignore"):
        depth = np.float32(FOCAL_BASELINE) / disparity
    known = (disparity > 0) & (depth < furthest_m)
    return np.where(known, depth, np.float32(0))


def read_camera(file: Path) -> StereoCamera:
    """Return the calibration of a ``camera`` file, for images of 2048x1024 px.

    Raises:
        ValueError: naming the file that is missing or lacks a number.
    """
    try:
        content = json.loads(file.read_text())
        fx, fy, cx, cy = (float(content["intrinsic"][name]) for name in ("fx", "fy", "u0", "v0"))
        baseline_m = float(content["extrinsic"]["baseline"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"camera {file} must have intrinsic fx, fy, u0, v0 and extrinsic baseline: {error!r}"
        ) from error
    intrinsics = Intrinsics(fx=fx, fy=fy, cx=cx, cy=cy, width=_SIZE[0], height=_SIZE[1])
    return StereoCamera(intrinsics, intrinsics, baseline_m)


def _sample(root: Path, there: set[str], split: str, name: str, furthest_m: float) -> Sample:
    def path(folder: str, kind: str, frame: str = name) -> Path:
        return root / folder / split / f"{frame}_{kind}.png"

    pictures = {"current": ImageFile(path(_LEFT, _LEFT))}
    if _RIGHT in there:
        pictures["right"] = ImageFile(path(_RIGHT, _RIGHT))
    if _SEQUENCE in there:
        for role, step in (("previous", -1), ("next", 1)):
            pictures[role] = ImageFile(path(_SEQUENCE, _LEFT, _neighbour(name, step)))
    truth: dict[str, Callable[[], Truth]] = {}
    labels = next((kind for kind in ("gtFine", "gtCoarse") if kind in there), None)
    if labels is not None:
        file = path(labels, f"{labels}_labelIds")
        truth |= {"label_ids": partial(read_labels, file), "labels": partial(read_train_ids, file)}
    if "disparity" in there:
        truth["depth"] = partial(cityscapes_depth, path("disparity", "disparity"), furthest_m)
    return Sample(name=name, pictures=pictures, truth=truth, sequence=name.rpartition("_")[0])


def _neighbour(name: str, step: int) -> str:
    """Return the name of the frame ``step`` frames on."""
    snippet, _, frame = name.rpartition("_")
    return f"{snippet}_{int(frame) + step:06d}"
