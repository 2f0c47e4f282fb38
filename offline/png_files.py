"""PNG files whose values are measurements or labels, not colours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import DTypeLike, NDArray

from offline.whole_files import write_whole

_BITS = {1: "an 8-bit", 2: "a 16-bit"}
_CHANNELS = {1: "one channel", 3: "three channels"}


def read_png(path: Path, dtype: DTypeLike, channels: int = 1) -> NDArray[Any]:
    """Return a PNG's values as they are stored; of three channels the blue one is first.

    Args:
        path: the file.
        dtype: ``np.uint8`` or ``np.uint16``.
        channels: 1 or 3.

    Returns:
        # (H, W) for one channel, else (H, W, 3)

    Raises:
        ValueError: naming the file, if it is missing, damaged, or has another depth or
            number of channels.
    """
    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from error
    values = cv2.imdecode(data, cv2.IMREAD_UNCHANGED) if data.size else None
    if values is None:
        raise ValueError(f"{path} cannot be read: it is no image, or damaged ({data.size} bytes)")
    wanted = np.dtype(dtype)
    if values.dtype != wanted or values.shape[2:] != ((channels,) if channels > 1 else ()):
        raise ValueError(
            f"{path} must be {_BITS[wanted.itemsize]} PNG of {_CHANNELS[channels]}, "
            f"got {values.shape} {values.dtype}"
        )
    return np.asarray(values)


def write_png(path: Path, values: NDArray[Any]) -> None:
    """Write values as ``read_png`` returns them; the file is whole or as it was.

    Args:
        path: the file; its folder must be there.
        values: uint8 or uint16; of three channels the blue one is first. # (H, W) or (H, W, 3)

    Raises:
        OSError: naming the file, if it cannot be written.
        ValueError: for an empty array.
    """
    if not values.size:
        raise ValueError(f"{path} must have pixels to be a PNG, got {values.shape}")
    _, data = cv2.imencode(".png", values)
    write_whole({path: data.tobytes()})
