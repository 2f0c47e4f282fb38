"""Estimates as pictures for people: colour maps of depth, disparity, labels, flow and motion.

Every function returns RGB uint8 of the input's height and width. Invalid values are black,
which no colour scale contains. Legends are in ``legends.py``, what is drawn into an image in
``overlays.py``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from scene_perception.cityscapes import CLASSES, UNKNOWN_COLOR
from scene_perception.flow_wheel import wheel_colors

Pixels = NDArray[np.uint8]

VALID_COLOR = (235, 235, 235)
# Of the bits of ``geometry.validity``'s flags, lowest first; what the other image does not show
# is blue at the same time and green at the next.
FLAG_COLORS = (
    (150, 150, 150),
    (60, 110, 255),
    (30, 50, 150),
    (150, 120, 60),
    (60, 220, 110),
    (20, 110, 60),
)
_NETWORK_WIDTH = 640
_SAMPLE_STEP = 4  # every 16th pixel is enough for a percentile


def color_depth(
    depth: NDArray[np.float32], near: float | None = None, far: float | None = None
) -> Pixels:
    """Colour depth by its inverse: red is near, blue is far (Turbo), black is invalid.

    Args:
        depth: along Z in any unit, invalid where not above 0, float32. # (H, W)
        near: depth shown as the nearest colour; by default ``depth_range``'s.
        far: depth shown as the farthest colour; by default ``depth_range``'s.

    Raises:
        ValueError: for another shape, or a range that is not 0 < near < far.
    """
    _check_plane("depth", depth)
    if near is None or far is None:
        seen_near, seen_far = depth_range(depth)
        near, far = near or seen_near, far or seen_far
    if not 0 < near < far:
        raise ValueError(f"depth range must be 0 < near < far, got near {near}, far {far}")
    low, high = 1.0 / far, 1.0 / near
    valid = depth > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        unit = np.reciprocal(depth, dtype=np.float32)
        unit -= low
        unit /= high - low
    return _color_scale(unit, valid, _turbo())


def color_sparsely(
    color: Callable[[NDArray[np.float32]], Pixels], array: NDArray[np.float32]
) -> Pixels:
    """Colour no more pixels than a network has, then enlarge: a quarter of the time at HD.

    Estimates of a camera's size are enlarged themselves, so that people see no difference.

    Args:
        color: such as ``color_depth``.
        array: what it takes. # (H, W, ...)
    """
    height, width = array.shape[:2]
    step = max(1, round(width / _NETWORK_WIDTH))
    if step == 1:
        return color(array)
    sparse = color(np.ascontiguousarray(array[::step, ::step]))
    return _pixels(cv2.resize(sparse, (width, height), interpolation=cv2.INTER_NEAREST))


def depth_range(depth: NDArray[np.float32]) -> tuple[float, float]:
    """Return (near, far) that hold 96 % of the valid depths; (1, 2) where there are none."""
    sample = depth[::_SAMPLE_STEP, ::_SAMPLE_STEP]
    seen = sample[np.isfinite(sample) & (sample > 0)]
    if not len(seen):
        return 1.0, 2.0
    near, far = (float(value) for value in np.percentile(seen, (2.0, 98.0)))
    return (near, far) if far > 1.01 * near else (0.99 * near, 1.01 * near)


def color_disparity(
    disparity: NDArray[np.float32], low: float | None = None, high: float | None = None
) -> Pixels:
    """Colour disparity: red is near (large), blue is far (Turbo), black is NaN.

    Args:
        disparity: px, float32. # (H, W)
        low: disparity shown as the farthest colour; by default ``disparity_range``'s.
        high: disparity shown as the nearest colour; by default ``disparity_range``'s.

    Raises:
        ValueError: for another shape, or a range that is not low < high.
    """
    _check_plane("disparity", disparity)
    if low is None or high is None:
        seen_low, seen_high = disparity_range(disparity)
        low, high = seen_low if low is None else low, seen_high if high is None else high
    if not low < high:
        raise ValueError(f"disparity range must be low < high, got low {low}, high {high}")
    unit = (disparity - np.float32(low)) / np.float32(high - low)
    return _color_scale(unit, np.isfinite(disparity), _turbo())


def disparity_range(disparity: NDArray[np.float32]) -> tuple[float, float]:
    """Return (low, high) that hold 96 % of the valid disparities; (0, 1) where there are none."""
    sample = disparity[::_SAMPLE_STEP, ::_SAMPLE_STEP]
    seen = sample[np.isfinite(sample)]
    if not len(seen):
        return 0.0, 1.0
    low, high = (float(value) for value in np.percentile(seen, (2.0, 98.0)))
    return (low, high) if high > low + 0.02 else (low - 0.01, low + 0.01)


def color_scene_flow(velocity: NDArray[np.float32], radius: float | None = None) -> Pixels:
    """Colour 3D velocity as seen from above by ``color_flow``'s wheel.

    Moving to the right is red, towards the camera yellow, to the left cyan, away from it
    violet; standing still is white, NaN is black. Up and down are not shown.

    Args:
        velocity: in the optical frame (x right, y down, z ahead), m/s, float32. # (H, W, 3)
        radius: speed of full saturation, m/s; by default ``flow_radius``'s of what is shown.

    Raises:
        ValueError: for another shape or a radius that is not above 0.
    """
    if velocity.ndim != 3 or velocity.shape[2] != 3 or 0 in velocity.shape:
        raise ValueError(f"velocity must be (H, W, 3), none of them 0, got {velocity.shape}")
    return color_flow(seen_from_above(velocity), radius)


def seen_from_above(velocity: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return velocity to the right and towards the camera. # (H, W, 3) -> (H, W, 2)."""
    return np.stack((velocity[..., 0], -velocity[..., 2]), axis=-1)


def color_validity(validity: Pixels) -> Pixels:
    """Colour ``geometry.validity`` flags: near white is valid, else the lowest flag's colour.

    Raises:
        ValueError: for another shape or type. # (H, W) uint8
    """
    _check_plane("validity", validity)
    if validity.dtype != np.uint8:
        raise ValueError(f"validity must be uint8, got {validity.dtype}")
    return _look_up(validity, _flag_table())


def color_labels(labels: Pixels) -> Pixels:
    """Colour Cityscapes train ids (0..18) by the published palette. # (H, W) uint8.

    Raises:
        ValueError: for another shape or type.
    """
    _check_plane("labels", labels)
    if labels.dtype != np.uint8:
        raise ValueError(f"labels must be uint8, got {labels.dtype}")
    return _look_up(labels, _palette())


def color_probability(probability: NDArray[np.float32]) -> Pixels:
    """Colour 0 (dark blue) to 1 (yellow) by Viridis; NaN is black. # (H, W) float32.

    Raises:
        ValueError: for another shape.
    """
    _check_plane("probability", probability)
    return _color_scale(probability, np.isfinite(probability), _viridis())


def color_flow(flow: NDArray[np.float32], radius: float | None = None) -> Pixels:
    """Colour optical flow by the Middlebury wheel: hue is direction, saturation is length.

    Right is red, down is yellow, left is cyan, up is violet; no motion is white; longer than
    ``radius`` is darker; NaN is black.

    Args:
        flow: px, channel 0 = x, 1 = y, float32. # (H, W, 2)
        radius: length of full saturation, px; by default ``flow_radius``'s.

    Raises:
        ValueError: for another shape or a radius that is not above 0.
    """
    if flow.ndim != 3 or flow.shape[2] != 2 or 0 in flow.shape:
        raise ValueError(f"flow must be (H, W, 2), none of them 0, got {flow.shape}")
    radius = flow_radius(flow) if radius is None else radius
    if not (math.isfinite(radius) and radius > 0):
        raise ValueError(f"flow radius must be > 0 px, got {radius}")
    return wheel_colors(flow, radius)


def flow_radius(flow: NDArray[np.float32]) -> float:
    """Return the length that 99 % of the valid flow stays below, at least 1 px."""
    sample = flow[::_SAMPLE_STEP, ::_SAMPLE_STEP]
    length = np.hypot(sample[..., 0], sample[..., 1])
    seen = length[np.isfinite(length)]
    return max(float(np.percentile(seen, 99.0)), 1.0) if len(seen) else 1.0


def _color_scale(unit: NDArray[np.float32], valid: NDArray[np.bool_], table: Pixels) -> Pixels:
    """Colour 0..1 (clipped) with entries 1..255 of a table, whose entry 0 is for the invalid."""
    index = np.clip(unit, 0.0, 1.0)
    index *= 254.0
    index += 1.5
    index[~valid] = 0.0
    return _look_up(index.astype(np.uint8), table)


def _look_up(index: Pixels, table: Pixels) -> Pixels:
    return _pixels(cv2.applyColorMap(index, table))


@lru_cache(maxsize=1)
def _turbo() -> Pixels:
    return _scale_table(cv2.COLORMAP_TURBO, first=28)  # its dark end looks like invalid


@lru_cache(maxsize=1)
def _viridis() -> Pixels:
    return _scale_table(cv2.COLORMAP_VIRIDIS)


def _scale_table(colormap: int, first: int = 0) -> Pixels:
    """Return black and then a colour map from its entry ``first`` on. # (256, 1, 3)."""
    ramp = np.linspace(first, 255, 255).round().astype(np.uint8)[:, None]
    colors = cv2.cvtColor(cv2.applyColorMap(ramp, colormap), cv2.COLOR_BGR2RGB)
    return np.concatenate([np.zeros((1, 1, 3), np.uint8), _pixels(colors)])


@lru_cache(maxsize=1)
def _palette() -> Pixels:
    table = np.full((256, 1, 3), UNKNOWN_COLOR, np.uint8)
    table[: len(CLASSES), 0] = [entry.color for entry in CLASSES]
    return table


@lru_cache(maxsize=1)
def _flag_table() -> Pixels:
    table = np.full((256, 1, 3), VALID_COLOR, np.uint8)
    flags = np.arange(256)
    # From the highest flag to the lowest, which is what remains.
    for bit, color in reversed(list(enumerate(FLAG_COLORS))):
        table[flags >> bit & 1 > 0] = color
    return table


def _check_plane(name: str, array: NDArray[Any]) -> None:
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(f"{name} must be (H, W), none of them 0, got {array.shape}")


def _pixels(array: NDArray[Any]) -> Pixels:
    return array.astype(np.uint8, copy=False)
