"""Occlusion by a forward check: what lands behind something else in another image."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

_CLOSING = np.ones((3, 3), np.uint8)
# Around the image, so that its border is no surface that a gap could lie beside.
_MARGIN = 2
_NOWHERE = 0

Float = NDArray[np.float32]


def hidden(
    target_x: Float, target_y: Float, nearness: Float, tolerance: float
) -> NDArray[np.bool_]:
    """Return which pixels another one hides in the image they are moved to.

    Of several pixels that land on one target pixel all but the nearest, and those within
    ``tolerance`` of it, are hidden. A surface that is seen larger there leaves gaps between its
    pixels; gaps of one or two pixels count as covered.

    Args:
        target_x: column that each pixel moves to, px; fractions are rounded. # (H, W)
        target_y: row, of a shape that broadcasts to ``target_x``'s.
        nearness: larger is nearer (a disparity), NaN where unknown. # (H, W)
        tolerance: of one surface, in the unit of ``nearness``.

    Returns:
        True where hidden; False for targets outside the image and where anything is NaN. # (H, W)

    Raises:
        ValueError: for shapes that differ, or a tolerance that is not >= 0.
    """
    if target_x.ndim != 2 or nearness.shape != target_x.shape:
        raise ValueError(
            f"target_x and nearness must be (H, W) of one shape, got {target_x.shape} and "
            f"{nearness.shape}"
        )
    if not tolerance >= 0:
        raise ValueError(f"tolerance must be >= 0, got {tolerance}")
    target = _target_index(target_x, target_y, nearness)
    nearest = _nearest_at(target, nearness)[target]
    result: NDArray[np.bool_] = nearness < nearest - np.float32(tolerance)
    return result


def _target_index(target_x: Float, target_y: Float, nearness: Float) -> NDArray[np.intp]:
    """Return the flat index of each target pixel in the image with margins; else ``_NOWHERE``."""
    height, width = target_x.shape
    stride = width + 2 * _MARGIN
    # float32 counts to 2^24 exactly, and is twice as fast.
    exact = np.float32 if (height + 2 * _MARGIN) * stride < 2**24 else np.float64
    column, row = np.rint(target_x, dtype=exact), np.rint(target_y, dtype=exact)
    exists = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    exists &= np.isfinite(nearness)
    with np.errstate(over="ignore", invalid="ignore"):
        row += _MARGIN
        row *= stride
        column += row
    column += _MARGIN
    # Before the conversion, as NaN and infinity have no integer.
    np.copyto(column, _NOWHERE, where=~exists)
    return column.astype(np.intp)


def _nearest_at(target: NDArray[np.intp], nearness: Float) -> Float:
    """Return the largest ``nearness`` that lands on each pixel, gaps closed, flat."""
    height, width = nearness.shape
    nearest = np.full((height + 2 * _MARGIN, width + 2 * _MARGIN), -np.inf, np.float32)
    flat = nearest.ravel()
    flat[target] = nearness
    # One of the values is there now; only the few that are nearer still need the slow ufunc.at.
    nearer = nearness > flat[target]
    np.maximum.at(flat, target[nearer], nearness[nearer])
    flat[_NOWHERE] = -np.inf
    return (
        cv2.morphologyEx(nearest, cv2.MORPH_CLOSE, _CLOSING).astype(np.float32, copy=False).ravel()
    )
