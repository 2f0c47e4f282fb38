"""TensorFlow 1's bilinear resize of single maps, row by row.

The rule of ``scene_perception.models.layers.resize_bilinear``, without its gradient: at an
image's size it takes a fifth of the time, and of many logits only one row is held at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def resize_tensorflow(values: Array, height: int, width: int) -> NDArray[np.float32]:
    """Resize as ``tf.image.resize_bilinear`` of TensorFlow 1. # (h, w, ...) -> (H, W, ...)."""
    source = np.ascontiguousarray(values, np.float32)
    resized = np.empty((height, width, *values.shape[2:]), np.float32)
    for target, row in zip(resized, _rows(source, height, width), strict=True):
        target[:] = row
    return resized


def largest_after_resize(logits: Array, height: int, width: int) -> NDArray[np.uint8]:
    """Return the arg-max of resized logits. # (C, h, w) -> (H, W) uint8."""
    source = np.ascontiguousarray(logits.transpose(1, 2, 0), np.float32)
    labels = np.empty((height, width), np.uint8)
    for target, row in zip(labels, _rows(source, height, width), strict=True):
        target[:] = row.argmax(axis=1)
    return labels


def _rows(source: Array, height: int, width: int) -> Iterator[Array]:
    """Yield each row of ``source`` at its new size, in one buffer. # (h, w, ...) -> (W, ...)."""
    upper, lower, down = _positions(source.shape[0], height)
    left, right, along = _positions(source.shape[1], width)
    along = along.reshape(-1, *[1] * (source.ndim - 2))
    for first, second, fraction in zip(upper, lower, down, strict=True):
        row = source[first] + (source[second] - source[first]) * fraction
        near, far = row.take(left, axis=0), row.take(right, axis=0)
        far -= near
        far *= along
        far += near
        yield far


def _positions(old: int, new: int) -> tuple[Array, Array, Array]:
    """Return the samples beside position ``i * old / new``, and how far it is past the first."""
    position = np.arange(new, dtype=np.float32) * np.float32(old / new)
    position = np.minimum(position, np.float32(old - 1))
    first = position.astype(np.int64)
    return first, np.minimum(first + 1, old - 1), position - first.astype(np.float32)
