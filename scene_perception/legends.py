"""Legends beside the pictures of ``visualization.py``: RGB uint8 strips and a colour wheel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import cv2
import numpy as np

from scene_perception.cityscapes import CLASSES
from scene_perception.geometry.validity import FLAGS
from scene_perception.visualization import (
    FLAG_COLORS,
    VALID_COLOR,
    Pixels,
    color_depth,
    color_disparity,
    color_flow,
    color_probability,
)

ROW = 22  # px, height of a line of text with its margins
_MARGIN = 6
_FONT, _FONT_SIZE = cv2.FONT_HERSHEY_SIMPLEX, 0.42
_BACKGROUND, _INK = 24, (235, 235, 235)


def label_legend(width: int, labels: Iterable[int] = range(len(CLASSES))) -> Pixels:
    """Return a strip of named colour swatches, in as many rows as ``width`` px asks for.

    Args:
        width: px, at least 160.
        labels: train ids to show; ids without a class (255) are left out.

    Raises:
        ValueError: for a width that the longest name does not fit into.
    """
    shown = [CLASSES[label] for label in sorted(set(labels)) if 0 <= label < len(CLASSES)]
    return _swatches(width, [(entry.name, entry.color) for entry in shown])


def depth_legend(width: int, near: float, far: float, unit: str = "m") -> Pixels:
    """Return a bar of ``color_depth``'s scale from ``near`` to ``far`` with its values.

    Equal steps along the bar are equal steps of inverse depth, as in the picture.

    Raises:
        ValueError: for a width below 160 px, or a range that is not 0 < near < far.
    """
    _check_width(width)
    if not 0 < near < far:
        raise ValueError(f"depth range must be 0 < near < far, got near {near}, far {far}")
    inverse = np.linspace(1 / near, 1 / far, width - 2 * _MARGIN, dtype=np.float32)
    bar = color_depth(np.repeat((1 / inverse)[None], ROW - 8, axis=0), near, far)
    middle = 2 / (1 / near + 1 / far)
    return _bar(width, bar, [f"{value:.3g} {unit}".strip() for value in (near, middle, far)])


def disparity_legend(width: int, low: float, high: float) -> Pixels:
    """Return a bar of ``color_disparity``'s scale from ``low`` to ``high`` with its values, px.

    Raises:
        ValueError: for a width below 160 px, or a range that is not low < high.
    """
    _check_width(width)
    ramp = np.linspace(low, high, width - 2 * _MARGIN, dtype=np.float32)
    bar = color_disparity(np.repeat(ramp[None], ROW - 8, axis=0), low, high)
    return _bar(width, bar, [f"{value:.3g} px" for value in (low, (low + high) / 2, high)])


def validity_legend(width: int) -> Pixels:
    """Return a strip of ``color_validity``'s named colours.

    Raises:
        ValueError: for a width below 160 px.
    """
    names = ["valid", *(name.replace("_", " ") for name in FLAGS)]
    return _swatches(width, list(zip(names, (VALID_COLOR, *FLAG_COLORS), strict=True)))


def probability_legend(width: int) -> Pixels:
    """Return a bar of ``color_probability``'s scale from 0 to 1.

    Raises:
        ValueError: for a width below 160 px.
    """
    _check_width(width)
    ramp = np.linspace(0, 1, width - 2 * _MARGIN, dtype=np.float32)
    return _bar(width, color_probability(np.repeat(ramp[None], ROW - 8, axis=0)), ["0", "0.5", "1"])


def flow_legend(size: int, radius: float, unit: str = "px") -> Pixels:
    """Return ``color_flow``'s wheel, ``size`` px wide, above the length at its rim.

    Raises:
        ValueError: for a size below 32 px or a radius that is not above 0.
    """
    if size < 32:
        raise ValueError(f"flow legend must be at least 32 px wide, got {size}")
    reach = np.linspace(-radius, radius, size, dtype=np.float32)
    flow = np.stack(np.meshgrid(reach, reach), axis=-1)
    flow[np.hypot(flow[..., 0], flow[..., 1]) > radius] = np.nan
    wheel = color_flow(flow, radius)
    wheel[np.isnan(flow[..., 0])] = _BACKGROUND
    strip = _blank(size, size + ROW)
    strip[:size] = wheel
    text = f"{radius:.3g} {unit}".strip()
    _write(strip, text, (size - _text_width(text)) // 2, size)
    return strip


def _swatches(width: int, entries: Sequence[tuple[str, tuple[int, int, int]]]) -> Pixels:
    """Return rows of colours with their names, as many as ``width`` px asks for."""
    _check_width(width)
    places, x, y = [], _MARGIN, 0
    for name, color in entries:
        advance = 20 + _text_width(name) + 2 * _MARGIN
        if x + advance > width and x > _MARGIN:
            x, y = _MARGIN, y + ROW
        places.append((name, color, x, y))
        x += advance
    strip = _blank(width, y + ROW)
    for name, color, left, top in places:
        cv2.rectangle(strip, (left, top + 5), (left + 14, top + ROW - 6), color, cv2.FILLED)
        _write(strip, name, left + 20, top)
    return strip


def _bar(width: int, bar: Pixels, texts: list[str]) -> Pixels:
    """Return a bar above texts at its left end, middle and right end."""
    strip = _blank(width, 2 * ROW - 4)
    strip[4 : 4 + len(bar), _MARGIN : width - _MARGIN] = bar
    for index, text in enumerate(texts):
        space = width - 2 * _MARGIN - _text_width(text)
        _write(strip, text, _MARGIN + space * index // 2, ROW - 4)
    return strip


def _blank(width: int, height: int) -> Pixels:
    return np.full((height, width, 3), _BACKGROUND, np.uint8)


def _text_width(text: str) -> int:
    (width, _), _ = cv2.getTextSize(text, _FONT, _FONT_SIZE, 1)
    return int(width)


def _write(strip: Pixels, text: str, left: int, top: int) -> None:
    cv2.putText(strip, text, (left, top + 15), _FONT, _FONT_SIZE, _INK, 1, cv2.LINE_AA)


def _check_width(width: int) -> None:
    if width < 160:
        raise ValueError(f"legend must be at least 160 px wide, got {width}")
