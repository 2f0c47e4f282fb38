"""How the systems bring a map from the network's size to the ground truth's.

They agree in nothing: TensorFlow 1 has no half-pixel centres, OpenCV and PyTorch do, SciPy's
``zoom`` makes the corner samples coincide. Which quantity is resized (depth or inverse depth)
is the protocol's matter, see ``offline.metrics.depth``.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

Map = NDArray[np.float32]


def resize_torch(values: Map, height: int, width: int) -> Map:
    """Resize bilinearly, half-pixel centres, corners not aligned. # (h, w) -> (H, W)."""
    tensor = torch.from_numpy(np.ascontiguousarray(values))[None, None]
    resized = F.interpolate(tensor, (height, width), mode="bilinear", align_corners=False)
    return np.asarray(resized[0, 0].numpy())


def resize_opencv(values: Map, height: int, width: int) -> Map:
    """Resize as ``cv2.resize`` with ``INTER_LINEAR``. # (h, w) -> (H, W)."""
    return np.asarray(cv2.resize(values, (width, height), interpolation=cv2.INTER_LINEAR))


def resize_spline(values: Map, height: int, width: int) -> Map:
    """Resize as ``scipy.ndimage.zoom`` does by default. # (h, w) -> (H, W).

    A cubic spline through all samples, mirrored at the borders; the corner samples coincide.
    """
    rows, columns = _spline_matrix(values.shape[0], height), _spline_matrix(values.shape[1], width)
    return np.asarray((rows @ values @ columns.T).astype(np.float32))


@lru_cache(maxsize=16)
def _spline_matrix(old: int, new: int) -> NDArray[np.float64]:
    """Return the matrix that takes ``old`` samples to ``new`` positions of their spline."""
    # SciPy's positions: a last one that rounding puts beyond the last sample gets 0.
    positions = np.arange(new) * ((old - 1) / (new - 1) if new > 1 else 0.0)
    first = np.floor(positions).astype(np.int64)
    rest = (positions - first)[:, None]
    away = np.abs(np.concatenate([rest + 1, rest, 1 - rest, 2 - rest], axis=1))
    taps = _mirror(first[:, None] + np.arange(-1, 3), old)
    sampling = np.zeros((new, old))
    np.add.at(sampling, (np.arange(new)[:, None], taps), _cubic_spline(away))
    sampling[positions > old - 1] = 0
    samples = np.zeros((old, old))  # of the spline at the knots, from its coefficients
    knots = np.arange(old)[:, None]
    weights = np.broadcast_to(np.array([1, 4, 1]) / 6, (old, 3))
    np.add.at(samples, (knots, _mirror(knots + np.arange(-1, 2), old)), weights)
    return np.asarray(np.linalg.solve(samples.T, sampling.T).T)


def _cubic_spline(away: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the cubic B-spline at distances 0..2 from its middle."""
    near = 2 / 3 - away**2 * (1 - away / 2)
    return np.where(away < 1, near, (2 - away) ** 3 / 6)


def _mirror(index: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Reflect indices about the first and last sample."""
    if size == 1:
        return np.zeros_like(index)
    period = 2 * (size - 1)
    index = np.abs(index) % period
    return np.where(index < size, index, period - index)
