"""What is right and wrong in one frame, drawn."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from scene_perception.visualization import color_depth

_BLUE = np.array([40, 90, 255], np.float32)
_RED = np.array([255, 50, 30], np.float32)
_WHITE = np.array([255, 255, 255], np.float32)

Picture = NDArray[np.uint8]
Floats = NDArray[np.floating]


def points_on(image: Picture, depth: Floats, radius: int = 1) -> Picture:
    """Return the darkened image with a coloured dot for every measured depth.

    Args:
        image: RGB, uint8. # (H, W, 3)
        depth: m, 0 where not measured. # (H, W)
        radius: of a dot, px; where dots overlap the nearest point is seen.
    """
    known = np.where(depth > 0, depth, np.nan).astype(np.float32)
    return _dots(image, depth, color_depth(known), radius)


def depth_errors_on(image: Picture, known: Floats, depth: Floats, worst: float = 0.25) -> Picture:
    """Return the darkened image with a dot for every measured depth, by its relative error.

    Args:
        image: RGB, uint8. # (H, W, 3)
        known: m, 0 where not measured. # (H, W)
        depth: prediction, m. # (H, W)
        worst: relative error of full colour: blue is too near, red too far.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.nan_to_num(np.clip((depth / known - 1.0) / worst, -1.0, 1.0))
    return _dots(image, known, signed_color(error.astype(np.float32)), 1)


def signed_color(value: NDArray[np.float32]) -> Picture:
    """Return -1 as blue, 0 as white and 1 as red. # (H, W) -> (H, W, 3)."""
    share = np.abs(value)[..., None]
    end = np.where(value[..., None] < 0, _BLUE, _RED)
    return np.asarray((1 - share) * _WHITE + share * end, np.uint8)


def error_color(error: Floats, known: NDArray[np.bool_], worst: float) -> Picture:
    """Return 0 as white and ``worst`` as red; black where nothing is known. # (H, W)."""
    unit = np.clip(np.nan_to_num(error) / worst, 0, 1).astype(np.float32)
    return np.where(known[..., None], signed_color(unit), np.uint8(0))


def _dots(image: Picture, depth: Floats, colors: Picture, radius: int) -> Picture:
    nearness = np.where(depth > 0, 1.0 / np.maximum(depth, 1e-6), 0).astype(np.float32)
    seen = cv2.dilate(nearness, np.ones((2 * radius + 1, 2 * radius + 1), np.uint8))
    result = image // np.uint8(2)
    steps = range(-radius, radius + 1)
    for dy in steps:
        for dx in steps:
            to, source = _shifted(depth.shape, dy, dx), _shifted(depth.shape, -dy, -dx)
            wins = (nearness[source] > 0) & (nearness[source] == seen[to])
            result[to][wins] = colors[source][wins]
    return result


def _shifted(shape: tuple[int, ...], dy: int, dx: int) -> tuple[slice, slice]:
    """Return the part of an image that has a pixel ``(-dy, -dx)`` away inside it."""
    height, width = shape
    return (
        slice(max(dy, 0), height + min(dy, 0)),
        slice(max(dx, 0), width + min(dx, 0)),
    )
