"""The generated world as samples whose truth is exact and of every kind."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from offline.datasets.samples import ROLES, Sample, Truth
from offline.datasets.synthetic import RenderedPicture
from offline.synthetic.drive import ROLES as DRIVE_ROLES
from offline.synthetic.drive import Drive, open_drive, stamp_ns
from offline.synthetic.kinds import KINDS, image_of, pixels_of, truth_of
from offline.synthetic.samples import frame_of
from offline.synthetic.settings import STREET, THINGS, WorldSettings
from offline.synthetic.triplets import make_triplets

DRIVE_FRAMES = 100
SPLIT_RULE = "SEED for its drive, FIRST-LAST for a triplet a seed; things: before, @HxW behind"

_SPLIT = re.compile(r"(things:)?(\d+)(?:-(\d+))?(?:@(\d+)x(\d+))?")
# Triplets are kept, as one kind of truth is asked for after another, and validation asks again.
_KEPT_BYTES = 256 << 20
_BYTES_A_PIXEL = 130  # six images and all truth
_LEAST_KEPT = 4

Rendered = Callable[[int], Mapping[str, Tensor]]


class Chosen(NamedTuple):
    """What a split says.

    Attributes:
        first: seed.
        last: seed; None for the drive of ``first``.
        mode: of worlds.
        size: height and width of images, px; None for the usual one.
    """

    first: int
    last: int | None
    mode: str
    size: tuple[int, int] | None


def parse_split(split: str) -> Chosen:
    """Return what a split says: ``7``, ``900000-900099``, ``things:0-99``, ``7@192x640``.

    Raises:
        ValueError: for another form, seeds in the wrong order, or a drive through things.
    """
    match = _SPLIT.fullmatch(split)
    if match is None:
        raise ValueError(f"--split of generated must be {SPLIT_RULE}, got {split!r}")
    things, first, last, height, width = match.groups()
    size = (int(height), int(width)) if height else None
    chosen = Chosen(int(first), int(last) if last else None, THINGS if things else STREET, size)
    if chosen.last is None and things:
        raise ValueError(f"--split of generated must be a range of seeds for things, got {split!r}")
    if chosen.last is not None and chosen.last < chosen.first:
        raise ValueError(f"--split of generated must have the smaller seed first, got {split!r}")
    return chosen


@lru_cache(maxsize=1)
def read_generated(split: str) -> tuple[Sample, ...]:
    """Return a split's samples: 100 frames of a drive, or a triplet of each seed.

    Raises:
        ValueError: as ``parse_split``, or for a size that cannot be rendered.
    """
    chosen = parse_split(split)
    if chosen.last is None:
        height, width = chosen.size or (375, 1242)
        return generated_samples(DRIVE_FRAMES, seed=chosen.first, height=height, width=width)
    height, width = chosen.size or (WorldSettings.height, WorldSettings.width)
    settings = WorldSettings(mode=chosen.mode, height=height, width=width)
    return triplet_samples(range(chosen.first, chosen.last + 1), settings)


def generated_samples(
    count: int, *, seed: int = 0, height: int = 375, width: int = 1242
) -> tuple[Sample, ...]:
    """Return ``count`` samples at 10 Hz of the drive of ``seed``.

    Frames and stamps are those of ``synthetic_sequence``. Every role and every kind of truth
    is there, each rendered when asked for. The sky has no depth and no disparity; flow is
    known everywhere but at what the camera has passed by the next frame.

    Raises:
        ValueError: for a negative count or seed, or an image below 16x16 px.
    """
    drive = open_drive(count, seed=seed, height=height, width=width)
    return tuple(
        Sample(
            name=f"{index:06d}",
            pictures=_of_drive(drive, index),
            truth={kind: partial(_known, kind, drive.truth, index) for kind in KINDS},
            sequence=f"street_{seed}",
            stamp_ns=stamp_ns(index),
        )
        for index in range(count)
    )


def triplet_samples(seeds: range, settings: WorldSettings) -> tuple[Sample, ...]:
    """Return the triplet of each seed, rendered when asked for, as ``generated_samples``."""

    def rendered(seed: int) -> dict[str, Tensor]:
        return frame_of(make_triplets([seed], settings), 0)

    size = _BYTES_A_PIXEL * settings.height * settings.width
    kept = lru_cache(maxsize=max(_LEAST_KEPT, _KEPT_BYTES // size))(rendered)
    return tuple(
        Sample(
            name=f"{settings.mode}_{seed:06d}",
            pictures={role: RenderedPicture(partial(_image, role, kept, seed)) for role in ROLES},
            truth={kind: partial(_known, kind, kept, seed) for kind in KINDS},
            sequence=f"{settings.mode}_{seed:06d}",
        )
        for seed in seeds
    )


def _of_drive(drive: Drive, index: int) -> dict[str, RenderedPicture]:
    return {
        role: RenderedPicture(partial(_pixels, drive, index + step, right))
        for role, (step, right) in DRIVE_ROLES.items()
        if role in ROLES
    }


def _pixels(drive: Drive, index: int, right: bool) -> NDArray[np.uint8]:
    return pixels_of(drive.image(index, right=right))


def _image(role: str, rendered: Rendered, which: int) -> NDArray[np.uint8]:
    return image_of(rendered(which), role)


def _known(kind: str, rendered: Rendered, which: int) -> Truth:
    return truth_of(kind, rendered(which))
