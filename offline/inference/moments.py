"""What is inferred: moments in time, each with the images that describe it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from offline.sharding import Shard
from scene_perception.geometry.camera import Intrinsics
from scene_perception.recordings.image_folder import read_image

Image = NDArray[np.uint8]
Read = Callable[[], Image]
Calibration = Callable[[], Intrinsics | None]

_REMEMBERED = 8  # images: two stereo pairs and those that are read ahead of them


def some_camera() -> str:
    """Return the optical frame of a camera that nobody has named."""
    return "camera_optical"


def unknown() -> None:
    """Return no intrinsics."""


@dataclass(frozen=True, eq=False)
class Moment:
    """A frame and its neighbours.

    Attributes:
        index: among all of the source.
        name: of its outputs, a relative path without suffix.
        images: role (``offline.datasets.samples``) -> reads it, RGB (H, W, 3); raises ValueError
            naming what is missing or damaged.
        stamp_ns: of ``current``.
        next_stamp_ns: of ``next``, or None without one.
        frame_id: returns the optical frame of the camera; may read ``current``.
        intrinsics: returns those of the images, or None where unknown; may read ``current``.
    """

    index: int
    name: str
    images: Mapping[str, Read]
    stamp_ns: int = 0
    next_stamp_ns: int | None = None
    frame_id: Callable[[], str] = some_camera
    intrinsics: Calibration = unknown


class Source(Protocol):
    """Where moments come from.

    Attributes:
        roles: that moments can have; those at an end of a sequence lack some.
        count: of moments, None where nobody knows yet.
    """

    @property
    def roles(self) -> tuple[str, ...]:
        """Roles that moments can have."""
        ...

    @property
    def count(self) -> int | None:
        """Number of moments."""
        ...

    def moments(self, share: Shard) -> Iterator[Moment]:
        """Yield those of ``share`` in their order.

        Raises:
            ValueError: naming what is truncated or damaged as a whole.
        """
        ...


@dataclass(frozen=True)
class Listed:
    """Moments whose images are files, each read when it is its turn."""

    listed: Sequence[Moment]

    @property
    def roles(self) -> tuple[str, ...]:
        """Roles that moments can have."""
        return tuple(dict.fromkeys(role for moment in self.listed for role in moment.images))

    @property
    def count(self) -> int:
        """Number of moments."""
        return len(self.listed)

    def moments(self, share: Shard) -> Iterator[Moment]:
        """Yield those of ``share`` in their order."""
        return (self.listed[index] for index in share.indices(len(self.listed)))


class ImageReader:
    """Reads image files; neighbours in time get one array for one file.

    Several threads may ask at once.
    """

    def __init__(self) -> None:
        self._recent: deque[tuple[Path, Image]] = deque(maxlen=_REMEMBERED)

    def __call__(self, path: Path) -> Image:
        """Return a file's pixels, RGB. # (H, W, 3).

        Raises:
            ValueError: naming the file that is missing or damaged.
        """
        for known, image in tuple(self._recent):
            if known == path:
                return image
        image = np.ascontiguousarray(read_image(path, "rgb8")[0])
        self._recent.append((path, image))
        return image


@dataclass(frozen=True, eq=False)
class Frame:
    """One image of a stream, and what came with it; its reader remembers what it decoded."""

    read: Read
    stamp_ns: int
    frame_id: Callable[[], str] = some_camera
    intrinsics: Calibration = unknown


def sliding(
    frames: Iterable[Frame], share: Shard, follows: Callable[[Frame, Frame], bool]
) -> Iterator[Moment]:
    """Yield the moments of a stream that are ``share``'s, three frames in memory at a time.

    Args:
        frames: in the order of their stamps.
        share: of this process.
        follows: whether the second frame is the first one's neighbour in time.
    """
    previous: Frame | None = None
    current: Frame | None = None
    index = -1
    for following in chain(frames, (None,)):
        if current is not None and index in share.indices(index + 1):
            before = previous if previous and follows(previous, current) else None
            after = following if following and follows(current, following) else None
            yield _moment(index, before, current, after)
        previous, current = current, following
        index += 1


def _moment(index: int, previous: Frame | None, current: Frame, following: Frame | None) -> Moment:
    neighbours = {"previous": previous, "current": current, "next": following}
    return Moment(
        index,
        f"{index:06d}",
        {role: frame.read for role, frame in neighbours.items() if frame is not None},
        current.stamp_ns,
        following.stamp_ns if following else None,
        current.frame_id,
        current.intrinsics,
    )
