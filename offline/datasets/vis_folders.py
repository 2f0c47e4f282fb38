"""Scene folders as SC-SfMLearner prepares them: Insta-DM's KITTI-VIS and Cityscapes-VIS.

A scene's folder holds images ``0000000.jpg``, the intrinsics ``cam.txt`` and, for
validation, depth ``0000000.npy``; ``train.txt`` and ``val.txt`` name scenes. Insta-DM has the
scenes under ``image`` and, under ``segmentation``, ``0000000.npy`` with instance masks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offline.datasets.base import ImageFile
from offline.datasets.folders import Entry, contents, find_list, read_list
from offline.datasets.samples import Sample, Truth


@dataclass(frozen=True)
class _Scene:
    """A scene's name, where a list has it, and its folders; None for what is not there."""

    name: str
    where: str
    images: Path
    depth: bool
    masks: Path | None


def read_vis_folders(root: Path, *, split: str = "val") -> tuple[Sample, ...]:
    """Return the images of the scenes that a list names, called ``<scene>/<image>``.

    Each has ``current``, and ``previous`` and ``next`` where the scene has them; ``depth``
    where the scene has depth, ``instance_masks`` where ``segmentation`` is there.

    Args:
        root: the data set.
        split: a list's name without ``.txt`` (``train`` or ``val``), or its file.

    Raises:
        ValueError: for a list or scene that is missing, naming the line.
    """
    entries = read_list(find_list("scene", root, split, lines="one scene each"))
    return tuple(sample for entry in entries for sample in _scene_samples(root, entry))


def _scene_samples(root: Path, entry: Entry) -> list[Sample]:
    name = " ".join(entry.words)
    base = root / "image" if (root / "image").is_dir() else root
    images = sorted((base / name).glob("*.jpg"))
    if not images:
        raise ValueError(
            f"{entry.where}: scene {base / name} must hold images *.jpg; {contents(base / name)}"
        )
    masks = root / "segmentation" / name
    scene = _Scene(
        name,
        entry.where,
        base / name,
        depth=next((base / name).glob("*.npy"), None) is not None,
        masks=masks if (root / "segmentation").is_dir() else None,
    )
    return [_sample(scene, images, index) for index in range(len(images))]


def _sample(scene: _Scene, images: Sequence[Path], index: int) -> Sample:
    roles = {"previous": index - 1, "current": index, "next": index + 1}
    stem = images[index].stem
    truth: dict[str, Callable[[], Truth]] = {}
    if scene.depth:
        truth["depth"] = partial(_read_depth, scene.images / f"{stem}.npy")
    if scene.masks is not None:
        truth["instance_masks"] = partial(_read_masks, scene.masks / f"{stem}.npy")
    return Sample(
        name=f"{scene.name}/{stem}",
        pictures={
            role: ImageFile(images[place])
            for role, place in roles.items()
            if 0 <= place < len(images)
        },
        truth=truth,
        where=scene.where,
        sequence=scene.name,
    )


def _read_depth(file: Path) -> NDArray[np.float32]:
    """Return a depth map, m, 0 where it was not measured. # (H, W) float32."""
    return _array(file, "a depth map (H, W)", 2).astype(np.float32)


def _read_masks(file: Path) -> NDArray[np.bool_]:
    """Return instance masks without the empty ones. # (N, H, W)."""
    masks = _array(file, "instance masks (N, H, W)", 3) > 0
    kept: NDArray[np.bool_] = masks[masks.any(axis=(1, 2))]
    return kept


def _array(file: Path, rule: str, axes: int) -> NDArray[Any]:
    try:
        values = np.load(file, allow_pickle=False)
    except (OSError, EOFError, ValueError) as error:
        raise ValueError(f"{file} cannot be read as an array: {error}") from error
    if not isinstance(values, np.ndarray) or values.ndim != axes:
        raise ValueError(f"{file} must be {rule}, got {getattr(values, 'shape', 'an archive')}")
    return values
