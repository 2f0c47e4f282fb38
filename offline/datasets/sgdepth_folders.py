"""SGDepth's folder of data sets: ``kitti``, ``kitti_2015``, ``cityscapes``, and their splits.

A data set's folder holds ``basic_files.json`` with all its files; ``kitti_zhou_split`` and so
on, beside it, hold ``train.json``, ``validation.json`` and ``test.json`` of a split, and so does
the data set's folder itself where it has one split only. KITTI's images are in ``Raw_data``,
its depth maps in ``Depth`` (one scan), ``Depth_improved`` and ``Depth_projected``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from offline.datasets.base import ImageFile, Picture
from offline.datasets.cityscapes_folders import cityscapes_depth
from offline.datasets.folders import contents
from offline.datasets.label_maps import Labels, nearest_train_ids, read_labels
from offline.datasets.samples import Sample, Truth
from offline.datasets.sgdepth_index import Category, read_index
from offline.kitti_files import read_depth

PARTS = ("train", "validation", "test")

_COLOR, _RIGHT, _SEGMENTATION = "color", "color_right", "segmentation"
_BASIC = "basic_files.json"
_DEPTH = "depth"
_USUAL = (_COLOR, _DEPTH, _SEGMENTATION)


@dataclass(frozen=True, eq=False)
class _Index:
    """A split's categories and those of the whole data set.

    Attributes:
        data: the data set's folder.
        where: the split's file.
        names: categories that every frame must have.
        split: categories of the split.
        images: all left images in their order.
    """

    data: Path
    where: Path
    names: tuple[str, ...]
    split: Mapping[str, Category]
    images: tuple[Path, ...]


def read_sgdepth_folders(
    root: Path, *, split: str = "kitti_zhou_split/test", names: tuple[str, ...] = ()
) -> tuple[Sample, ...]:
    """Return the frames of a split that have every one of ``names``, in order.

    They are called as their images. Each has ``current``; ``right``, ``previous`` and ``next``
    where the index has them. A name that begins with "depth" gives ``depth``,
    ``segmentation`` gives ``label_ids`` and ``labels`` (an unknown id counts as the nearest
    known one, as published).

    Args:
        root: the folder of data sets.
        split: folder of the split and its part, one of ``PARTS``.
        names: categories of the index, as the published loaders' ``keys_to_load``; none:
            ``color``, and ``depth`` and ``segmentation`` as far as the index has them.

    Raises:
        ValueError: for a folder or index that is missing or lacks a name.
    """
    index = _read(root, split, names)
    shared = set.intersection(*(set(index.split[name].files) for name in index.names))
    if not shared:
        raise ValueError(
            f"{index.where} must have frames with {', '.join(index.names)}, it has none"
        )
    return tuple(_sample(index, frame) for frame in sorted(shared))


def _read(root: Path, split: str, names: tuple[str, ...]) -> _Index:
    folder, _, part = split.rpartition("/")
    if part not in PARTS or not folder:
        raise ValueError(
            f"split of SGDepth's data sets must be FOLDER/{'|'.join(PARTS)}, got {split!r}"
        )
    if names and _COLOR not in names:
        raise ValueError(f"names of SGDepth's index must include {_COLOR!r}, got {names}")
    data = _data_folder(root, folder)
    where = root / folder / f"{part}.json"
    found = read_index(where, (*(names or _USUAL), _RIGHT))
    if lacking := [name for name in names or (_COLOR,) if name not in found]:
        raise ValueError(f"{where} must have the names {', '.join(lacking)}, it has not")
    filled = (_COLOR, *(name for name in _USUAL[1:] if name in found and found[name].files))
    images = read_index(data / _BASIC, (_COLOR,)).get(_COLOR)
    return _Index(data, where, names or filled, found, () if images is None else images.order)


def _data_folder(root: Path, folder: str) -> Path:
    """Return the folder of the data set that a split's folder is called after."""
    words = folder.split("_")
    names = ["_".join(words[:count]) for count in range(len(words), 0, -1)]
    found = next((root / name for name in names if (root / name / _BASIC).is_file()), None)
    if found is None:
        raise ValueError(
            f"SGDepth's folder of data sets {root} must have {names[-1]}/{_BASIC} for {folder}; "
            f"{contents(root)}"
        )
    return found


def _sample(index: _Index, frame: int) -> Sample:
    name = index.split[_COLOR].files[frame].with_suffix("")
    truth: dict[str, Callable[[], Truth]] = {}
    for category in index.names:
        file = index.data / index.split[category].files[frame]
        truth |= _truth(category, file, cityscapes=index.data.name.startswith("cityscapes"))
    return Sample(
        name=name.as_posix(),
        pictures=_pictures(index, frame),
        truth=truth,
        where=f"{index.where}, frame {frame}",
        sequence=name.parent.as_posix(),
    )


def _pictures(index: _Index, frame: int) -> dict[str, Picture]:
    place = index.split[_COLOR].places[frame]
    files = {"current": index.split[_COLOR].files[frame]}
    if place.before > 0 and 0 < place.place <= len(index.images):
        files["previous"] = index.images[place.place - 1]
    if place.after > 0 and place.place + 1 < len(index.images):
        files["next"] = index.images[place.place + 1]
    if _RIGHT in index.split and frame in index.split[_RIGHT].files:
        files["right"] = index.split[_RIGHT].files[frame]
    return {role: ImageFile(index.data / file) for role, file in files.items()}


def _truth(category: str, file: Path, *, cityscapes: bool) -> dict[str, Callable[[], Truth]]:
    if category.startswith(_DEPTH):
        return {"depth": partial(cityscapes_depth if cityscapes else read_depth, file)}
    if category == _SEGMENTATION:
        return {"label_ids": partial(read_labels, file), "labels": partial(_train_ids, file)}
    return {}


def _train_ids(file: Path) -> Labels:
    return nearest_train_ids(read_labels(file))
