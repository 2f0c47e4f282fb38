"""Filling the holes of a prediction as KITTI's scene-flow development kit does.

Along each row a hole between two values takes the smaller one, at the row's ends the nearest;
then empty rows above and below the filled ones repeat those. Empty rows between stay empty.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

UNKNOWN_DISPARITY = -1.0

Float = NDArray[np.float32]


def fill_disparity(disparity: NDArray[Any]) -> Float:
    """Return disparity without holes; what stays empty is -1. # (H, W).

    Args:
        disparity: px, NaN: hole. # (H, W)
    """
    filled, empty = _fill(disparity[..., None])
    filled[empty] = UNKNOWN_DISPARITY
    return filled[..., 0]


def fill_flow(flow: NDArray[Any]) -> Float:
    """Return flow without holes, each component for itself; what stays empty is 0. # (H, W, 2).

    Args:
        flow: px, NaN in both components: hole. # (H, W, 2)
    """
    filled, empty = _fill(flow)
    filled[empty] = 0
    return filled


def has_value(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Return where no channel is NaN. # (H, W) or (H, W, C) -> (H, W)."""
    known: NDArray[np.bool_] = ~np.isnan(values if values.ndim == 2 else values[..., 0])
    if values.ndim == 2:
        return known
    for channel in range(1, values.shape[2]):  # reducing an axis of two is ten times slower
        known &= ~np.isnan(values[..., channel])
    return known


def _fill(values: NDArray[Any]) -> tuple[Float, list[int]]:
    """Return the filled values and the rows that stay empty. # (H, W, C)."""
    filled = np.array(values, np.float32)
    known = has_value(filled)
    if known.all():
        return filled, []
    _fill_rows(filled.reshape(-1, filled.shape[2]), known)
    return filled, _fill_outer_rows(filled, np.asarray(known.any(axis=1)))


def _fill_rows(flat: Float, known: NDArray[np.bool_]) -> None:
    """Fill each row that has a value, in place. # (H * W, C), (H, W)."""
    if not known.any():
        return
    height, width = known.shape
    positions, holes = (np.flatnonzero(where).astype(np.int32) for where in (known, ~known))
    after = np.cumsum(known, dtype=np.int32)[holes]  # index of the next known position
    right = positions.take(after, mode="clip")
    left = positions.take(after - 1, mode="clip")
    row_start = np.repeat(
        np.arange(0, height * width, width, dtype=np.int32), width - known.sum(axis=1)
    )
    has_left = (left < holes) & (left >= row_start)
    has_right = (right > holes) & (right < row_start + width)
    # A missing neighbour is replaced by the other one; without either the hole stays.
    left, right = np.where(has_left, left, right), np.where(has_right, right, left)
    some = has_left | has_right
    if not some.all():
        holes, left, right = holes[some], left[some], right[some]
    flat[holes] = np.minimum(flat.take(left, axis=0), flat.take(right, axis=0))


def _fill_outer_rows(filled: Float, known_rows: NDArray[np.bool_]) -> list[int]:
    """Repeat the first and the last filled row outwards, in place; return the empty rows."""
    rows = np.flatnonzero(known_rows)
    if not rows.size:
        return list(range(len(filled)))
    first, last = rows[0], rows[-1]
    filled[:first] = filled[first]
    filled[last + 1 :] = filled[last]
    return [row for row in range(first, last) if not known_rows[row]]
