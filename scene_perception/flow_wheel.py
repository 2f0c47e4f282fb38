"""The Middlebury colour wheel of optical flow, as a table from angle and length to colour."""

from __future__ import annotations

import math
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

# Hues of the Middlebury colour wheel from right over down, left and up, with the steps to the
# next hue (Baker et al. 2011; colorcode.cpp of the flow-code).
_WHEEL = (
    ((255, 0, 0), 15),
    ((255, 255, 0), 6),
    ((0, 255, 0), 4),
    ((0, 255, 255), 11),
    ((0, 0, 255), 13),
    ((255, 0, 255), 6),
)
_ANGLES, _RADII = 1024, 255  # resolution of the flow table: at most two levels of error
_BEYOND = 0.75  # brightness of flow longer than the radius


def wheel_colors(flow: NDArray[np.float32], radius: float) -> NDArray[np.uint8]:
    """Return RGB of flow vectors: hue is direction, saturation is length. # (H, W, 3).

    Right is red, down is yellow, left is cyan, up is violet; 0 is white; longer than
    ``radius`` is darker; NaN and infinity are black.

    Args:
        flow: channel 0 = right, 1 = down, float32. # (H, W, 2)
        radius: length of full saturation, > 0.
    """
    packed = np.take(_flow_table(), _flow_index(flow, radius), mode="clip")  # faster than raise
    rgba = packed.view(np.uint8).reshape(*packed.shape, 4)
    return cv2.cvtColor(rgba, cv2.COLOR_RGBA2RGB).astype(np.uint8, copy=False)


def _flow_index(flow: NDArray[np.float32], radius: float) -> NDArray[np.int32]:
    """Return every pixel's place in ``_flow_table``. # (H, W)."""
    u, v = cv2.split(flow)
    length, angle = cv2.cartToPolar(u, v)
    invalid = ~np.isfinite(length)
    length[invalid] = angle[invalid] = 0.0
    length *= _RADII / radius
    length += 0.5
    np.minimum(length, _RADII + 1, out=length)
    angle *= _ANGLES / math.tau
    angle += 0.5
    index: NDArray[np.int32] = angle.astype(np.int32)
    index *= _RADII + 2
    index += length.astype(np.int32)
    index[invalid] = (_ANGLES + 1) * (_RADII + 2)
    return index


@lru_cache(maxsize=1)
def _flow_table() -> NDArray[np.uint32]:
    """Return RGBA bytes by angle and length, flat, and black as the last entry.

    The last column is beyond the radius; the last row is of angles that round up to a turn.
    """
    wheel = _wheel()
    position = np.arange(_ANGLES + 1) % _ANGLES * ((len(wheel) - 1) / _ANGLES)
    hue = np.stack([np.interp(position, range(len(wheel)), part) for part in wheel.T], axis=-1)
    saturation = (np.arange(_RADII + 1) / _RADII)[:, None]
    inside = 255.0 - saturation * (255.0 - hue[:, None])
    table = np.full((_ANGLES + 1, _RADII + 2, 4), 255, np.uint8)
    table[:, :-1, :3] = inside
    table[:, -1, :3] = _BEYOND * hue
    return np.append(table.reshape(-1, 4).view(np.uint32)[:, 0], np.uint32(0))


def _wheel() -> NDArray[np.float64]:
    """Return the colours of the wheel. # (55, 3)."""
    parts = []
    for index, (start, steps) in enumerate(_WHEEL):
        end = np.array(_WHEEL[(index + 1) % len(_WHEEL)][0], float)
        ramp = np.floor(255 * np.arange(steps) / steps)[:, None] / 255
        parts.append(np.array(start, float) * (1 - ramp) + end * ramp)
    return np.concatenate(parts)
