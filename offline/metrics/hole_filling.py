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
    filled, known = _fill(disparity[..., None])
    return np.where(known, filled[..., 0], np.float32(UNKNOWN_DISPARITY))


def fill_flow(flow: NDArray[Any]) -> Float:
    """Return flow without holes, each component for itself; what stays empty is 0. # (H, W, 2).

    Args:
        flow: px, NaN in both components: hole. # (H, W, 2)
    """
    filled, known = _fill(flow)
    return np.where(known[..., None], filled, np.float32(0))


def _fill(values: NDArray[Any]) -> tuple[Float, NDArray[np.bool_]]:
    """Return the filled values and where there are any. # (H, W, C), (H, W)."""
    known = ~np.isnan(values).any(axis=2)
    filled = np.array(values, np.float32)
    if not known.all():
        _fill_rows(filled.reshape(-1, values.shape[2]), known)
        known = _fill_outer_rows(filled, known)
    return filled, known


def _fill_rows(flat: Float, known: NDArray[np.bool_]) -> None:
    """Fill each row that has a value, in place. # (H * W, C), (H, W)."""
    width = known.shape[1]
    positions = np.flatnonzero(known)
    holes = np.flatnonzero(~known)
    if not positions.size:
        return
    after = np.searchsorted(positions, holes)
    right = positions[np.minimum(after, positions.size - 1)]
    left = positions[np.maximum(after - 1, 0)]
    rows = holes // width
    has_left = (left < holes) & (left // width == rows)
    has_right = (right > holes) & (right // width == rows)
    # A missing neighbour is replaced by the other one; without either the hole stays.
    from_left = np.where(has_left, left, right)
    from_right = np.where(has_right, right, left)
    some = has_left | has_right
    flat[holes[some]] = np.minimum(flat[from_left[some]], flat[from_right[some]])


def _fill_outer_rows(filled: Float, known: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Repeat the first and the last filled row outwards, in place; return what is known."""
    rows = np.flatnonzero(known.any(axis=1))
    complete = np.zeros(known.shape, bool)
    if rows.size:
        first, last = rows[0], rows[-1]
        filled[:first] = filled[first]
        filled[last + 1 :] = filled[last]
        complete[[*range(first), *rows, *range(last + 1, len(filled))]] = True
    return complete
