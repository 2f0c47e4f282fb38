"""Moving objects: connected pixels that do not move as the camera's motion explains."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from scene_perception.geometry.scene_flow import checked_interval

_OPENING = np.ones((3, 3), np.uint8)
_CLOSING = np.ones((5, 5), np.uint8)
_NEIGHBOURS = np.ones((3, 3), np.uint8)
# Depth that differs by a fifth among neighbours is another object's: queueing cars differ more,
# the side of a bus 3 m to the right (720 px focal length) less up to 200 m.
_JUMP = 1.2
_STEPS = ((0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (1, -1), (-1, 1), (-1, -1))
_FARTHEST_M = 1e9
_OUTLIERS_PERCENT = 5
_SAMPLES = 4000

Float = NDArray[np.float32]
Mask = NDArray[np.uint8]
Labels = NDArray[np.int32]


class Region(NamedTuple):
    """A moving object; fields as in ``frame.MovingObject``."""

    position_m: NDArray[np.float64]
    velocity_m_s: NDArray[np.float64]
    size_m: NDArray[np.float64]
    box: tuple[int, int, int, int]
    pixels: int


def own_velocity(
    points: Float, next_points: Float, next_from_current: NDArray[np.float64], interval_s: float
) -> Float:
    """Return how fast points move by themselves, the camera's motion taken off.

    Args:
        points: in the current left optical frame, m, NaN where unknown. # (H, W, 3)
        next_points: the same points in the frame of the next camera. # (H, W, 3)
        next_from_current: the camera's motion. # (4, 4)
        interval_s: from one to the other; negative where "next" is earlier.

    Returns:
        ``(current_from_next * next_point - point) / interval_s``, m/s in the current left
        optical frame, float32. # (H, W, 3)

    Raises:
        ValueError: for shapes that differ, or an interval that is 0 or not finite.
    """
    if points.shape != next_points.shape:
        raise ValueError(f"points must be of one shape, got {points.shape}, {next_points.shape}")
    rate = 1 / checked_interval(interval_s)
    rotation = next_from_current[:3, :3].T
    translation = -rotation @ next_from_current[:3, 3:]
    moved = cv2.transform(next_points, np.hstack([rotation, translation]) * rate)
    return cv2.scaleAdd(points, -rate, moved, moved).astype(np.float32, copy=False)


def moving_mask(error_px: Float, own_velocity: Float, min_px: float, min_speed_m_s: float) -> Mask:
    """Return where points move by themselves, as far as can be told.

    Args:
        error_px: from where the camera's motion moves a point to where it is seen, px, NaN
            where unknown. # (H, W)
        own_velocity: m/s, NaN where unknown. # (H, W, 3)
        min_px: smallest error that is no noise.
        min_speed_m_s: smallest speed of something that moves.

    Returns:
        255 where both are exceeded, 0 elsewhere and where anything is unknown. # (H, W)
    """
    with np.errstate(over="ignore"):
        squared = _summed(own_velocity * own_velocity)
    moving = (error_px > min_px) & (squared >= min_speed_m_s**2)
    result: Mask = moving.view(np.uint8) * np.uint8(255)
    return result


def find_objects(
    mask: Mask, points: Float, own_velocity: Float, min_pixels: int
) -> tuple[Mask, tuple[Region, ...]]:
    """Return the moving objects, largest first, and the mask that they leave.

    Single pixels are removed, small holes filled. Objects that touch in the image are told
    apart by the jump in depth between them; most of an object's pixels move.

    Args:
        mask: 0 where nothing moves. # (H, W)
        points: m, NaN where unknown. # (H, W, 3)
        own_velocity: m/s, NaN where unknown. # (H, W, 3)
        min_pixels: smallest number of pixels of an object.

    Returns:
        255 on objects of at least ``min_pixels``, else 0 (H, W); the objects.

    Raises:
        ValueError: for shapes that differ.
    """
    if not points.shape == own_velocity.shape == (*mask.shape, 3):
        raise ValueError(
            f"points and velocity must be {(*mask.shape, 3)} as the mask is, got {points.shape} "
            f"and {own_velocity.shape}"
        )
    cleaned = np.zeros_like(mask)
    left, top, width, height = cv2.boundingRect(mask)
    # Closing grows nothing beyond that box, and most of an image does not move.
    window = np.s_[top : top + height, left : left + width]
    if not width:
        return cleaned, ()
    labels, boxes = _labelled(mask[window], points[window], own_velocity[window])
    pixels = np.bincount(labels.ravel(), minlength=len(boxes))
    regions = []
    for label in np.flatnonzero(pixels[1:] >= min_pixels) + 1:
        own, x, y = _place(labels, int(label), boxes[label])
        box = (left + x, top + y, own.shape[1], own.shape[0])
        there = np.s_[box[1] : box[1] + box[3], box[0] : box[0] + box[2]]
        # A filled gap at another depth is a group of its own that does not move.
        if 2 * np.count_nonzero(mask[there][own]) < pixels[label]:
            continue
        cleaned[there][own] = 255
        regions.append(_region(points[there], own_velocity[there], own, box))
    return cleaned, tuple(sorted(regions, key=lambda region: -region.pixels))


def _place(labels: Labels, label: int, box: Labels) -> tuple[NDArray[np.bool_], int, int]:
    """Return the pixels of a label within the smallest box, and its left column and top row.

    ``box`` (left, top, width, height) lacks at most the edge that ``_with_edges`` added.
    """
    left, top = max(int(box[0]) - 1, 0), max(int(box[1]) - 1, 0)
    near = labels[top : box[1] + box[3] + 1, left : box[0] + box[2] + 1] == label
    x, y, width, height = cv2.boundingRect(near.view(np.uint8))
    return near[y : y + height, x : x + width], left + x, top + y


def _labelled(mask: Mask, points: Float, own_velocity: Float) -> tuple[Labels, Labels]:
    """Return which object each pixel is of, and boxes of their inner pixels.

    Returns:
        Labels from 1; 0 where there is no object or anything is unknown (H, W); left, top,
        width and height of each label's pixels, edges left out (labels, >= 4).
    """
    depth = np.ascontiguousarray(points[..., 2])
    known = np.isfinite(_summed(points)) & np.isfinite(_summed(own_velocity))
    known &= (depth > 0) & (depth < _FARTHEST_M)
    solid = cv2.morphologyEx(mask, cv2.MORPH_OPEN, _OPENING)
    inside = (cv2.morphologyEx(solid, cv2.MORPH_CLOSE, _CLOSING) > 0) & known
    # Cut at jumps, not sorted into ranges of depth: an object may extend over any range's end.
    # Outside the mask nothing is near or far, so that an object keeps its border.
    nearest = cv2.erode(np.where(inside, depth, np.float32(_FARTHEST_M)), _NEIGHBOURS)
    depth = np.where(inside, depth, np.float32(0))
    farthest = cv2.dilate(depth, _NEIGHBOURS)
    whole = inside & (farthest < _JUMP * nearest)
    _, labels, boxes, _ = cv2.connectedComponentsWithStats(
        whole.view(np.uint8), connectivity=4, ltype=cv2.CV_32S
    )
    labels, boxes = (a.astype(np.int32, copy=False) for a in (labels, boxes))
    return _with_edges(labels, inside, depth), boxes


def _with_edges(labels: Labels, inside: NDArray[np.bool_], depth: Float) -> Labels:
    """Return labels with the pixels beside a cut joined to a neighbour of their own depth."""
    result = labels.copy()
    row, column = np.nonzero(inside & (labels == 0))
    height, width = labels.shape
    for dy, dx in _STEPS:
        y, x = (row + dy).clip(0, height - 1), (column + dx).clip(0, width - 1)
        own, other = depth[row, column], depth[y, x]
        same = (labels[y, x] > 0) & (other < _JUMP * own) & (own < _JUMP * other)
        result[row[same], column[same]] = labels[y[same], x[same]]
    return result


def _summed(vectors: Float) -> Float:
    """Return x + y + z; a third of the time of NumPy's sum along so short an axis."""
    with np.errstate(over="ignore", invalid="ignore"):
        total: Float = vectors[..., 0] + vectors[..., 1]
        total += vectors[..., 2]
    return total


def _region(
    points: Float, own_velocity: Float, own: NDArray[np.bool_], box: tuple[int, int, int, int]
) -> Region:
    """Return what the ``own`` pixels of a box say together. # (h, w, 3), (h, w, 3), (h, w)."""
    row, column = np.nonzero(own)
    some = np.s_[:: max(1, len(row) // _SAMPLES)]
    places, velocities = (
        a[row[some], column[some]].astype(np.float64) for a in (points, own_velocity)
    )
    percents = [_OUTLIERS_PERCENT, 50, 100 - _OUTLIERS_PERCENT]
    low, middle, high = np.percentile(places, percents, axis=0)
    return Region(middle, np.median(velocities, axis=0), high - low, box, len(row))
