"""Which frames are learnt from, which choose the best weights, and which are kept out of both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from offline.adaptation.footage import Footage

_NS_PER_S = 1e9
_LEAST = 8  # triplets to learn from
_LEAST_HELD_OUT = 3  # triplets


@dataclass(frozen=True)
class Part:
    """Frames ``start .. end - 1`` and the middle frames of their triplets that move."""

    start: int
    end: int
    middles: tuple[int, ...]


@dataclass(frozen=True)
class Parts:
    """Contiguous parts in the order of time; no frame is in two of them."""

    learnt: Part
    choosing: Part
    held_out: Part


def split_footage(
    footage: Footage, moves: NDArray[np.bool_], seconds_held_out: float | None
) -> Parts:
    """Return the parts: the end is held out, half as much before it chooses.

    Args:
        footage: the recording.
        moves: whether the camera moves from each frame to its next one. # (N - 1,)
        seconds_held_out: at the end; None is a fifth of the frames.

    Raises:
        ValueError: with what there is, where a part has too few moving triplets.
    """
    count = len(footage)
    held = _held_out(footage, seconds_held_out)
    choosing = held - max(_LEAST_HELD_OUT + 2, (count - held) // 2)
    parts = Parts(
        _part(footage, moves, 0, max(choosing, 0)),
        _part(footage, moves, max(choosing, 0), held),
        _part(footage, moves, held, count),
    )
    found = len(parts.learnt.middles), len(parts.choosing.middles), len(parts.held_out.middles)
    if found[0] < _LEAST or not found[1] or found[2] < _LEAST_HELD_OUT:
        raise ValueError(
            f"footage {footage.name} must have at least {_LEAST} moving triplets of neighbouring "
            f"frames to learn from, 1 to choose by and {_LEAST_HELD_OUT} held out, got {found[0]}, "
            f"{found[1]} and {found[2]} of {count} frames; give a longer recording or hold out less"
        )
    return parts


def _held_out(footage: Footage, seconds: float | None) -> int:
    """Return the first frame that is held out."""
    count = len(footage)
    if seconds is None:
        return count - max(_LEAST_HELD_OUT + 2, count // 5)
    start_ns = footage.stamps_ns[-1] - seconds * _NS_PER_S
    return int(np.searchsorted(np.array(footage.stamps_ns), start_ns))


def _part(footage: Footage, moves: NDArray[np.bool_], start: int, end: int) -> Part:
    triplets = footage.triplets(start, end)
    return Part(start, end, tuple(i for i in triplets if moves[i - 1] and moves[i]))
