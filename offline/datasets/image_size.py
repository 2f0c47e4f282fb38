"""Size of an image file from its header: decoding it takes milliseconds."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8"
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # the markers that tell the size


def image_size(path: Path) -> tuple[int, int]:
    """Return the height and width of a PNG or JPEG file.

    Raises:
        ValueError: naming the file, if it is missing, damaged, or neither.
    """
    try:
        with path.open("rb") as file:
            size = _size(file)
    except OSError as error:
        raise ValueError(f"image {path} cannot be read: {error.strerror}") from error
    except struct.error:
        size = None
    if size is None or min(size) < 1:
        raise ValueError(f"image {path} is damaged or no PNG or JPEG")
    return size


def _size(file: BinaryIO) -> tuple[int, int] | None:
    start = file.read(len(_PNG))
    if start == _PNG:
        width, height = struct.unpack(">8x2I", file.read(16))
        return height, width
    if start[:2] != _JPEG:
        return None
    file.seek(2)
    return _jpeg_size(file)


def _jpeg_size(file: BinaryIO) -> tuple[int, int] | None:
    """Go from segment to segment until one tells the size."""
    while True:
        fill, marker, length = struct.unpack(">BBH", file.read(4))
        if fill != 0xFF:
            return None
        if marker in _FRAMES:
            height, width = struct.unpack(">x2H", file.read(5))
            return height, width
        file.seek(length - 2, 1)
