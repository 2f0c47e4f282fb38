"""What an evaluation walks over: samples that read their files when asked to.

Roles of images: ``current`` is the frame that is described (the left one of a stereo pair),
``previous`` and ``next`` are its neighbours in time, ``right`` and ``next_right`` the other
camera's. A data set gives each sample those that it has.

Kinds of truth, each in the pixels of ``current``:

| kind | value |
|---|---|
| ``depth`` | metres, 0 where not measured, float32 (H, W) |
| ``flow_noc``, ``flow_occ`` | (px float32 (H, W, 2), known bool (H, W)) |
| ``disparity_noc_0``, ``disparity_occ_0``, ``disparity_noc_1``, ``disparity_occ_1`` | px, NaN where not known, float32 (H, W) |
| ``object_map`` | 0 background, else the number of a moving object, uint8 (H, W) |
| ``instance_masks`` | of each thing that could move, found by another network, bool (N, H, W) |
| ``labels`` | Cityscapes train ids, 255 void, uint8 (H, W) |
| ``label_ids`` | Cityscapes ids as stored, uint8 (H, W) |
| ``world_from_camera`` | float64 (4, 4) |

``noc`` are pixels whose match lies inside the other image, ``occ`` all pixels with truth.
"""  # noqa: E501

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from offline.datasets.base import Picture

Value = TypeVar("Value")
Truth = NDArray[Any] | tuple[NDArray[Any], NDArray[Any]]

ROLES = ("previous", "current", "next", "right", "next_right")


@dataclass(frozen=True, eq=False)
class Sample:
    """One frame with its neighbours and what is known about it.

    Attributes:
        name: unique in its data set, usable as a relative path without suffix.
        pictures: role -> picture.
        truth: kind -> reads it; raises ValueError naming a missing or damaged file.
        where: the split's file and line, for messages; empty where there is none.
        sequence: name of the drive that it belongs to, for what is fitted to a whole one.
        stamp_ns: acquisition time, where the data set has it.
    """

    name: str
    pictures: Mapping[str, Picture]
    truth: Mapping[str, Callable[[], Truth]] = field(default_factory=dict)
    where: str = ""
    sequence: str = ""
    stamp_ns: int | None = None

    def image(self, role: str) -> NDArray[np.uint8]:
        """Return an image, RGB uint8. # (H, W, 3).

        Raises:
            ValueError: naming the file that is missing or damaged and the split's line.
        """
        if role not in self.pictures:
            raise ValueError(
                f"{self._place()} must have the image {role!r}, it has {', '.join(self.pictures)}"
            )
        picture = self.pictures[role]
        return self._read(lambda: np.ascontiguousarray(picture.pixels("rgb8")[0]))

    def images(self, roles: Sequence[str]) -> dict[str, NDArray[np.uint8]]:
        """Return several images, all of one size.

        Raises:
            ValueError: as ``image``, or for sizes that differ.
        """
        images = {role: self.image(role) for role in roles}
        sizes = {role: f"{image.shape[1]}x{image.shape[0]}" for role, image in images.items()}
        if len(set(sizes.values())) > 1:
            told = ", ".join(f"{role} {size}" for role, size in sizes.items())
            raise ValueError(f"{self._place()} must have images of one size, got {told} px")
        return images

    def known(self, kind: str) -> Truth:
        """Return one kind of truth.

        Raises:
            ValueError: naming what the sample lacks, or the file that is missing or damaged.
        """
        if kind not in self.truth:
            has = ", ".join(self.truth) or "none"
            raise ValueError(f"{self._place()} must have the ground truth {kind!r}, it has {has}")
        return self._read(self.truth[kind])

    def _read(self, read: Callable[[], Value]) -> Value:
        try:
            return read()
        except ValueError as error:
            raise ValueError(f"{self._place()}: {error}") from error

    def _place(self) -> str:
        return f"sample {self.name}" + (f" ({self.where})" if self.where else "")
