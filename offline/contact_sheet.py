"""A picture and a video that let a person judge a run at a glance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]

WIDTH = 620  # of a column, px
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_BAR_PX = 26
_GAP_PX = 4
_INK = (235, 235, 235)
_WARNING = (255, 190, 60)
_PAPER = 24


def captioned(image: Image, caption: str, *, width: int) -> Image:
    """Return ``image`` resized to ``width`` px under a bar that holds ``caption``.

    Args:
        image: RGB, uint8. # (H, W, 3)
        caption: one line of text.
        width: of the result, px.
    """
    height = max(1, round(image.shape[0] * width / image.shape[1]))
    return np.vstack([text_bar(caption, width), _resized(image, width, height)])


def text_bar(text: str, width: int, *, warning: bool = False) -> Image:
    """Return a dark bar with one line of text, shrunk to fit ``width`` px. # (26, width, 3)."""
    bar = np.full((_BAR_PX, width, 3), _PAPER, np.uint8)
    (text_width, _), _ = cv2.getTextSize(text, _FONT, 0.5, 1)
    scale = 0.5 * min(1.0, (width - 12) / max(text_width, 1))
    ink = _WARNING if warning else _INK
    cv2.putText(bar, text, (6, 18), _FONT, scale, ink, 1, cv2.LINE_AA)
    return bar


def grid(tiles: Sequence[Sequence[Image]]) -> Image:
    """Return rows of equally wide tiles as one image; shorter tiles are padded below."""
    rows = [_row(row) for row in tiles]
    width = max(row.shape[1] for row in rows)
    return np.vstack([_padded(row, row.shape[0] + _GAP_PX, width) for row in rows])


def _row(tiles: Sequence[Image]) -> Image:
    height = max(tile.shape[0] for tile in tiles)
    return np.hstack([_padded(tile, height, tile.shape[1] + _GAP_PX) for tile in tiles])


def _padded(image: Image, height: int, width: int) -> Image:
    padding = ((0, height - image.shape[0]), (0, width - image.shape[1]), (0, 0))
    return np.pad(image, padding, constant_values=_PAPER)


def sheet(
    columns: Sequence[Mapping[str, Image]],
    titles: Sequence[str],
    *,
    headline: str,
    warning: str = "",
    legends: Sequence[Image] = (),
    width: int = WIDTH,
) -> Image:
    """Return a contact sheet: one column per frame, one row per kind of picture.

    Args:
        columns: for each frame, caption -> RGB picture; all with the same captions in order.
        titles: for each frame, what is written above its first picture.
        headline: first line of the sheet.
        warning: second line, highlighted; left out where empty.
        legends: pictures below the rows.
        width: of one column, px.

    Raises:
        ValueError: without frames.
    """
    if not columns:
        raise ValueError("a contact sheet needs at least one frame, got none")
    rows = [
        [
            captioned(frame[caption], f"{caption}   {title}", width=width)
            for frame, title in zip(columns, titles, strict=True)
        ]
        for caption in columns[0]
    ]
    body = grid(rows)
    bars = [text_bar(headline, body.shape[1])]
    if warning:
        bars.append(text_bar(warning, body.shape[1], warning=True))
    below = [_fitted(legend, body.shape[1]) for legend in legends]
    return np.vstack([*bars, body, *below])


def stacked(sheets: Sequence[Image]) -> Image:
    """Return sheets below each other, narrower ones padded on the right."""
    width = max(image.shape[1] for image in sheets)
    return np.vstack([_padded(image, image.shape[0] + _GAP_PX, width) for image in sheets])


def _fitted(image: Image, width: int) -> Image:
    if image.shape[1] > width:
        height = max(1, round(image.shape[0] * width / image.shape[1]))
        image = _resized(image, width, height)
    return _padded(image, image.shape[0] + _GAP_PX, width)


def _resized(image: Image, width: int, height: int) -> Image:
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


class Video:
    """An MP4 file that takes RGB frames of one size, closed on leaving the ``with`` block."""

    def __init__(self, path: Path, rate_hz: float) -> None:
        self._path, self._rate_hz = path, rate_hz
        self._writer: cv2.VideoWriter | None = None

    def __enter__(self) -> Video:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._writer is not None:
            self._writer.release()

    def add(self, image: Image) -> None:
        """Append one frame. # (H, W, 3) RGB uint8, the same size each time.

        Raises:
            OSError: naming the file that could not be opened for writing.
        """
        even = image[: image.shape[0] // 2 * 2, : image.shape[1] // 2 * 2]
        if self._writer is None:
            size = (even.shape[1], even.shape[0])
            codec = cv2.VideoWriter.fourcc(*"mp4v")
            self._writer = cv2.VideoWriter(str(self._path), codec, self._rate_hz, size)
            if not self._writer.isOpened():
                raise OSError(f"could not open {self._path} for writing an MP4 video")
        self._writer.write(cv2.cvtColor(even, cv2.COLOR_RGB2BGR))
