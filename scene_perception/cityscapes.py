"""The 19 Cityscapes training classes: names, colours and which of them can move.

Train ids, names and colours as published in the ``labels.py`` of the Cityscapes scripts.
"""

from __future__ import annotations

from typing import NamedTuple


class LabelClass(NamedTuple):
    """A class by its name and its colour in the published palette, RGB 0..255."""

    name: str
    color: tuple[int, int, int]


CLASSES: tuple[LabelClass, ...] = (
    LabelClass("road", (128, 64, 128)),
    LabelClass("sidewalk", (244, 35, 232)),
    LabelClass("building", (70, 70, 70)),
    LabelClass("wall", (102, 102, 156)),
    LabelClass("fence", (190, 153, 153)),
    LabelClass("pole", (153, 153, 153)),
    LabelClass("traffic light", (250, 170, 30)),
    LabelClass("traffic sign", (220, 220, 0)),
    LabelClass("vegetation", (107, 142, 35)),
    LabelClass("terrain", (152, 251, 152)),
    LabelClass("sky", (70, 130, 180)),
    LabelClass("person", (220, 20, 60)),
    LabelClass("rider", (255, 0, 0)),
    LabelClass("car", (0, 0, 142)),
    LabelClass("truck", (0, 0, 70)),
    LabelClass("bus", (0, 60, 100)),
    LabelClass("train", (0, 80, 100)),
    LabelClass("motorcycle", (0, 0, 230)),
    LabelClass("bicycle", (119, 11, 32)),
)

ROAD, SIDEWALK, BUILDING, TERRAIN, SKY, CAR = 0, 1, 2, 9, 10, 13
DYNAMIC = range(11, 19)  # person .. bicycle: classes that can move by themselves
UNKNOWN_COLOR = (0, 0, 0)


def label_names() -> dict[int, str]:
    """Return the name of every train id, 0..18."""
    return {label: entry.name for label, entry in enumerate(CLASSES)}
