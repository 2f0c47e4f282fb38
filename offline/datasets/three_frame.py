"""Folders of consecutive frames side by side in one image, as SfMLearner prepares them.

``<drive>/<frame>.jpg`` holds three frames of one size (GeoNet takes five for odometry; the
middle one is described), ``<drive>/<frame>_cam.txt`` the intrinsics (``intrinsics_files``), and
``train.txt`` or ``val.txt`` the lines "<drive> <frame>". Struct2depth writes PNG instead.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from offline.datasets.folders import Entry, find_list, read_list
from offline.datasets.samples import Sample
from offline.datasets.synthetic import RenderedPicture
from scene_perception.recordings.image_folder import read_image

Image = NDArray[np.uint8]


def read_three_frame(root: Path, *, split: str = "val", frames: int = 3) -> tuple[Sample, ...]:
    """Return the frames that a list names, called ``<drive>/<frame>``.

    Each has ``previous``, ``current`` and ``next``.

    Args:
        root: holds the drives' folders and the lists.
        split: a list's name without ``.txt`` (``train``, ``val``, ``test_flow``), or its file.
        frames: how many are in each image, an odd number.

    Raises:
        ValueError: for a list that is missing or has a wrong line, or another number of frames.
    """
    if frames < 3 or frames % 2 == 0:
        raise ValueError(f"frames of an image must be 3 or a larger odd number, got {frames}")
    file = find_list("three-frame", root, split, lines="'<drive> <frame>'")
    return tuple(_sample(root, entry, frames) for entry in read_list(file))


def _sample(root: Path, entry: Entry, frames: int) -> Sample:
    if len(entry.words) != 2:
        raise ValueError(f"{entry.where} must be '<drive> <frame>', got {' '.join(entry.words)!r}")
    drive, frame = entry.words
    file = root / drive / f"{frame}.jpg"
    if not file.is_file() and (png := file.with_suffix(".png")).is_file():
        file = png
    middle = frames // 2
    roles = {"previous": middle - 1, "current": middle, "next": middle + 1}
    return Sample(
        name=f"{drive}/{frame}",
        pictures={
            role: RenderedPicture(partial(_cut, file, index, frames))
            for role, index in roles.items()
        },
        where=entry.where,
        sequence=drive,
    )


def _cut(file: Path, index: int, frames: int) -> Image:
    """Return one of the frames in an image file, RGB. # (H, W, 3)."""
    image = read_image(file, "rgb8")[0]
    width, rest = divmod(image.shape[1], frames)
    if rest or width == 0:
        raise ValueError(
            f"image {file} must hold {frames} frames side by side, got a width of "
            f"{image.shape[1]} px"
        )
    return np.ascontiguousarray(image[:, index * width : (index + 1) * width])
