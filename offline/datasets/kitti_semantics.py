"""KITTI semantics: 200 training images with labels, and as many for testing.

A split (``training`` or ``testing``) holds ``image_2`` and, for training, ``semantic`` with
Cityscapes ids; both have files called ``000000_10.png``.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path, PurePosixPath

from offline.datasets.base import ImageFile
from offline.datasets.folders import contents, read_list, require_folder
from offline.datasets.label_maps import read_labels, read_train_ids
from offline.datasets.samples import Sample

SPLITS = ("training", "testing")

_IMAGES, _LABELS = "image_2", "semantic"


def read_kitti_semantics(root: Path, *, split: str = "training") -> tuple[Sample, ...]:
    """Return the images of a split or a list in order, called ``000000_10`` and so on.

    Each is ``current``, with ``label_ids`` and ``labels`` where ``semantic`` is there.

    Args:
        root: the data set, or a split's folder, or its ``image_2``.
        split: ``training``, ``testing``, or a file that names an image of the training split
            a line, as omegaNet's does.

    Raises:
        ValueError: for a folder without images, or a list that cannot be read.
    """
    if split not in SPLITS and not Path(split).is_file():
        raise ValueError(
            f"split of KITTI semantics must be {', '.join(SPLITS)} or a file, got {split!r}"
        )
    folder = _folder(root, "testing" if split == "testing" else "training")
    labels = (folder / _LABELS).is_dir()
    return tuple(_sample(folder, name, where, labels) for name, where in _names(folder, split))


def _folder(root: Path, split: str) -> Path:
    inside = root.parent if root.name == _IMAGES else root
    if (inside / _IMAGES).is_dir():
        return inside
    return require_folder(
        "KITTI semantics", root, f"{split}/{_IMAGES}", holds="000000_10.png ..."
    ).parent


def _names(folder: Path, split: str) -> Iterable[tuple[str, str]]:
    """Return images' names without suffix, and where a list has them."""
    if split not in SPLITS:
        lines = read_list(Path(split))
        return [(PurePosixPath(entry.words[0]).stem, entry.where) for entry in lines]
    names = sorted(path.stem for path in (folder / _IMAGES).glob("*_10.png"))
    if not names:
        raise ValueError(
            f"{folder / _IMAGES} must hold images called 000000_10.png ...; "
            f"{contents(folder / _IMAGES)}"
        )
    return [(name, "") for name in names]


def _sample(folder: Path, name: str, where: str, labels: bool) -> Sample:
    file = folder / _LABELS / f"{name}.png"
    return Sample(
        name=name,
        pictures={"current": ImageFile(folder / _IMAGES / f"{name}.png")},
        truth={"label_ids": partial(read_labels, file), "labels": partial(read_train_ids, file)}
        if labels
        else {},
        where=where,
    )
