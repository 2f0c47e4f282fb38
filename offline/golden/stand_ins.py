"""Deterministic stand-in weights and images, from which the golden cases were made.

A weight depends only on its variable's published name and shape, an image only on its seed
and size, so a case needs neither weights nor images: the same bits are made again here.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

_COUNTERS = ("num_batches_tracked", "global_step")
_VARIANCES = ("moving_variance", "running_var")
_SCALES = ("gamma", "weight")
_OUTPUT_AXIS = {"HWIO": -1, "OIHW": 0}
_HEAD_CHANNELS = 4
_WAVES = 24


def golden_weight(name: str, shape: tuple[int, ...], layout: str) -> NDArray[np.float32]:
    """Return the stand-in for one variable.

    Kernels get He's normal distribution, a tenth of it where at most four channels come out
    (heads of disparity, flow and pose stay small); scales lie about 1, variances in 0.5..1.5,
    every other vector about 0; counters are 0.

    Args:
        name: exactly as the published checkpoint spells it.
        shape: exactly as the published checkpoint stores it.
        layout: HWIO for TensorFlow's kernels, OIHW for PyTorch's.

    Raises:
        ValueError: for another layout.
    """
    if layout not in _OUTPUT_AXIS:
        raise ValueError(f"layout must be one of {', '.join(_OUTPUT_AXIS)}, got {layout!r}")
    leaf = name.replace(".", "/").rsplit("/", maxsplit=1)[-1].lower()
    if not shape or leaf in _COUNTERS:
        return np.zeros(shape, np.float32)
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    values = _vector(rng, leaf, shape) if len(shape) == 1 else _kernel(rng, shape, layout)
    return values.astype(np.float32)


def _vector(rng: np.random.Generator, leaf: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
    if leaf in _VARIANCES:
        return rng.uniform(0.5, 1.5, shape)
    noise = rng.standard_normal(shape)
    return 1.0 + 0.1 * noise if leaf in _SCALES else 0.05 * noise


def _kernel(rng: np.random.Generator, shape: tuple[int, ...], layout: str) -> NDArray[np.float64]:
    outputs = shape[_OUTPUT_AXIS[layout]]
    deviation = math.sqrt(2.0 / (math.prod(shape) // outputs))
    if outputs <= _HEAD_CHANNELS:
        deviation *= 0.1
    return deviation * rng.standard_normal(shape)


def golden_weights(
    shapes: Mapping[str, tuple[int, ...]], layout: str
) -> dict[str, NDArray[np.float32]]:
    """Return the stand-ins for all variables of ``shapes`` (name -> shape)."""
    return {name: golden_weight(name, tuple(shape), layout) for name, shape in shapes.items()}


def golden_image(seed: int, height: int, width: int) -> NDArray[np.uint8]:
    """Return an RGB image with structure at several scales. # (height, width, 3).

    ``seed // 10`` chooses the texture and ``seed % 10`` the frame: from frame to frame the
    texture moves by 2.5 px to the left and 0.5 px up.

    Raises:
        ValueError: for a negative seed.
    """
    if seed < 0:
        raise ValueError(f"seed must be at least 0, got {seed}")
    scene, frame = divmod(seed, 10)
    rng = np.random.default_rng(scene)
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    x, y = x + 2.5 * frame, y + 0.5 * frame
    image = np.zeros((height, width, 3))
    for _ in range(_WAVES):
        period = rng.uniform(6, 200)
        angle, phase = rng.uniform(0, 2 * np.pi, 2)
        along = x * np.cos(angle) + y * np.sin(angle)
        wave = np.sin(2 * np.pi * along / period + phase)
        image += wave[..., None] * rng.uniform(-1, 1, 3)
    unit = (image - image.min()) / (image.max() - image.min())
    pixels: NDArray[np.uint8] = np.round(255 * unit).astype(np.uint8)
    return pixels
