"""TensorFlow 1's bilinear resize of single maps, some rows at a time.

The rule of ``scene_perception.models.layers.resize_bilinear``, without its gradient: at an
image's size it takes a fifth of the time, and of many logits only one row is held at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
# Rows at once: few enough for the cache, enough for threads not to wait for the interpreter.
_BAND = 32


def resize_tensorflow(values: Array, height: int, width: int) -> NDArray[np.float32]:
    """Resize as ``tf.image.resize_bilinear`` of TensorFlow 1. # (h, w, ...) -> (H, W, ...)."""
    source = np.ascontiguousarray(values, np.float32)
    resized = np.empty((height, width, *values.shape[2:]), np.float32)
    for rows, band in _bands(source, height, width, _BAND):
        resized[rows] = band
    return resized


def largest_after_resize(logits: Array, height: int, width: int) -> NDArray[np.uint8]:
    """Return the arg-max of resized logits. # (C, h, w) -> (H, W) uint8."""
    source = np.ascontiguousarray(logits.transpose(1, 2, 0), np.float32)
    labels = np.empty((height, width), np.uint8)
    for rows, band in _bands(source, height, width, 1):
        labels[rows] = band.argmax(axis=2)
    return labels


def _bands(source: Array, height: int, width: int, size: int) -> Iterator[tuple[slice, Array]]:
    """Yield ``size`` rows of ``source`` after the other at their new size. # (size, W, ...)."""
    upper, lower, down = _positions(source.shape[0], height)
    left, right, along = _positions(source.shape[1], width)
    channels = [1] * (source.ndim - 2)
    along, down = along.reshape(-1, *channels), down.reshape(-1, 1, *channels)
    for start in range(0, height, size):
        rows = slice(start, start + size)
        above, below = source[upper[rows]], source[lower[rows]]
        between = above + (below - above) * down[rows]
        near, far = between.take(left, axis=1), between.take(right, axis=1)
        far -= near
        far *= along
        far += near
        yield rows, far


def _positions(old: int, new: int) -> tuple[Array, Array, Array]:
    """Return the samples beside position ``i * old / new``, and how far it is past the first."""
    position = np.arange(new, dtype=np.float32) * np.float32(old / new)
    position = np.minimum(position, np.float32(old - 1))
    first = position.astype(np.int64)
    return first, np.minimum(first + 1, old - 1), position - first.astype(np.float32)
