"""What moves by itself: pixels that do not follow the camera's motion, and the things they are."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from scene_perception.geometry.scene_flow import checked_interval

_OPENING = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
_CLOSING = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
# One car's neighbouring pixels differ in depth by a few percent even where it is seen at a
# slant; two cars one behind the other by their distance.
_DEPTH_JUMP = 0.1
_EXTENT_PERCENTILES = (2.0, 98.0)
_MOVES = 255

Float = NDArray[np.float32]
Mask = NDArray[np.uint8]


class Region(NamedTuple):
    """One thing that moves; fields as in ``frame.MovingObject``."""

    position_m: NDArray[np.float64]
    velocity_m_s: NDArray[np.float64]
    size_m: NDArray[np.float64]
    box: tuple[int, int, int, int]
    pixels: int


def own_velocity(
    points: Float,
    next_points: Float,
    next_from_current: NDArray[np.float64],
    interval_s: float,
) -> Float:
    """Return how fast points move by themselves, the camera's motion taken off.

    Args:
        points: in the current left optical frame, m, NaN where unknown. # (H, W, 3)
        next_points: the same points in the next frame. # (H, W, 3)
        next_from_current: the camera's motion. # (4, 4)
        interval_s: from one frame to the other; negative where "next" is earlier.

    Returns:
        ``(current_from_next @ next_point - point) / interval_s``, m/s in the current frame,
        float32. # (H, W, 3)

    Raises:
        ValueError: for an interval that is 0 or not finite.
    """
    rate = 1 / checked_interval(interval_s)
    current_from_next = np.linalg.inv(next_from_current)[:3]
    moved = cv2.transform(next_points, current_from_next * rate)
    return cv2.addWeighted(moved, 1.0, points, -rate, 0.0).astype(np.float32, copy=False)


def moving_mask(error_px: Float, velocity: Float, min_px: float, min_speed_m_s: float) -> Mask:
    """Return 255 where a pixel moves by itself, else 0.

    Both must hold: far away a metre is less than a pixel's noise, and nearby a pixel is less
    than a walker's step.

    Args:
        error_px: difference from what the camera's motion explains, NaN where unknown. # (H, W)
        velocity: of its own, m/s, NaN where unknown. # (H, W, 3)
        min_px: smallest error that counts.
        min_speed_m_s: smallest speed that counts.
    """
    squared = cv2.transform(cv2.multiply(velocity, velocity), np.ones((1, 3)))
    moves = (error_px > min_px) & (squared >= min_speed_m_s**2)
    return moves.view(np.uint8) * np.uint8(_MOVES)


def find_objects(
    mask: Mask, points: Float, velocity: Float, min_pixels: int
) -> tuple[Mask, tuple[Region, ...]]:
    """Group moving pixels into things, nearest first.

    Args:
        mask: 255 on moving pixels. # (H, W)
        points: m, NaN where unknown. # (H, W, 3)
        velocity: of its own, m/s, NaN where unknown. # (H, W, 3)
        min_pixels: smaller groups are noise.

    Returns:
        The mask without specks, small holes and small groups, and its groups. Pixels that touch
        belong to one group unless their depths differ by a tenth.
    """
    solid = cv2.morphologyEx(mask, cv2.MORPH_OPEN, _OPENING)
    solid = cv2.morphologyEx(solid, cv2.MORPH_CLOSE, _CLOSING)
    cut = solid * ~_before_jump(points[..., 2])
    count, groups, stats, _ = cv2.connectedComponentsWithStats(cut, connectivity=4)
    labels = groups.astype(np.int32, copy=False)
    large = [n for n in range(1, count) if stats[n, cv2.CC_STAT_AREA] >= min_pixels]
    regions = [_region(labels, n, stats[n].astype(np.int32), points, velocity) for n in large]
    grouped = np.isin(labels, large).view(np.uint8) * np.uint8(_MOVES)
    # The cuts between groups move as well.
    kept = cv2.bitwise_and(cv2.dilate(grouped, _OPENING), solid)
    seen = [region for region in regions if region is not None]
    return kept.astype(np.uint8, copy=False), tuple(sorted(seen, key=lambda r: r.position_m[2]))


def _before_jump(depth: Float) -> NDArray[np.bool_]:
    """Return pixels whose depth differs by a tenth from the next one's right or below."""
    jumps = np.zeros(depth.shape, np.bool_)
    jumps[:, :-1] |= _jump(depth[:, :-1], depth[:, 1:])
    jumps[:-1] |= _jump(depth[:-1], depth[1:])
    return jumps


def _jump(first: Float, second: Float) -> NDArray[np.bool_]:
    limit = np.float32(_DEPTH_JUMP)
    result: NDArray[np.bool_] = np.abs(first - second) > limit * np.minimum(first, second)
    return result


def _region(
    labels: NDArray[np.int32],
    label: int,
    stats: NDArray[np.int32],
    points: Float,
    velocity: Float,
) -> Region | None:
    """Describe a group; None where no depth is known in it."""
    left, top, width, height, pixels = (int(value) for value in stats)
    window = np.s_[top : top + height, left : left + width]
    inside = (labels[window] == label) & np.isfinite(velocity[window][..., 2])
    here = points[window][inside].astype(np.float64)
    if not len(here):
        return None
    low, high = np.percentile(here, _EXTENT_PERCENTILES, axis=0)
    return Region(
        position_m=np.median(here, axis=0),
        velocity_m_s=np.median(velocity[window][inside].astype(np.float64), axis=0),
        size_m=high - low,
        box=(left, top, width, height),
        pixels=pixels,
    )
