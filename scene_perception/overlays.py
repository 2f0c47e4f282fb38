"""What is drawn into a camera's image for people: tinted masks, boxes with a text each.

Every function returns a copy, RGB uint8.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

MOVING_COLOR = (255, 40, 40)
_BOX_LINE, _TEXT_FONT, _TEXT_SIZE = 2, cv2.FONT_HERSHEY_SIMPLEX, 0.45


def overlay_mask(
    image: Pixels,
    mask: Pixels,
    color: tuple[int, int, int] = MOVING_COLOR,
    opacity: float = 0.6,
) -> Pixels:
    """Tint an image where a mask is not 0.

    Args:
        image: RGB, uint8. # (H, W, 3)
        mask: uint8. # (H, W)
        color: RGB of the tint.
        opacity: 0 leaves the image, 1 paints it over.

    Raises:
        ValueError: where mask and image differ in size.
    """
    if mask.shape != image.shape[:2]:
        raise ValueError(f"mask must be of the image's size {image.shape[:2]}, got {mask.shape}")
    levels = (1.0 - opacity) * np.arange(256)[:, None, None] + opacity * np.array(color)
    tinted = cv2.LUT(image, levels.round().astype(np.uint8))
    return cv2.copyTo(tinted, mask, image.copy()).astype(np.uint8, copy=False)


def overlay_boxes(
    image: Pixels,
    boxes: Sequence[tuple[int, int, int, int]],
    texts: Sequence[str] = (),
    color: tuple[int, int, int] = MOVING_COLOR,
) -> Pixels:
    """Draw boxes and a text above each into a copy of an image.

    Args:
        image: RGB, uint8. # (H, W, 3)
        boxes: left, top, width and height, px.
        texts: one for each box, or none at all.
        color: RGB of lines and of the text's background.

    Raises:
        ValueError: for another number of texts than boxes.
    """
    if texts and len(texts) != len(boxes):
        raise ValueError(f"texts must be one for each of {len(boxes)} boxes, got {len(texts)}")
    drawn = image.copy()
    for left, top, width, height in boxes:
        corner = (left + width - 1, top + height - 1)
        cv2.rectangle(drawn, (left, top), corner, color, _BOX_LINE)
    for (left, top, _, _), text in zip(boxes, texts, strict=False):
        _write_above(drawn, text, left, top, color)
    return drawn


def _write_above(
    image: Pixels, text: str, left: int, top: int, color: tuple[int, int, int]
) -> None:
    """Write a text on a patch of ``color`` above a box's corner, inside the image."""
    (width, height), below = cv2.getTextSize(text, _TEXT_FONT, _TEXT_SIZE, 1)
    left = max(0, min(left, image.shape[1] - width))
    bottom = max(top, height + below)
    patch = (left + width, bottom - height - below)
    cv2.rectangle(image, (left, bottom), patch, color, cv2.FILLED)
    white, place = (255, 255, 255), (left, bottom - below + 1)
    cv2.putText(image, text, place, _TEXT_FONT, _TEXT_SIZE, white, 1, cv2.LINE_AA)
