"""Structural dissimilarity of two images, as Monodepth2, SGDepth and Insta-DM measure it."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

_C1, _C2 = 0.01**2, 0.03**2


def dissimilarity(first: Tensor, second: Tensor) -> Tensor:
    """Return ``(1 - SSIM) / 2`` clamped to 0..1: 0 where both images agree.

    Wang et al., "Image quality assessment" (2004), with means over 3x3 boxes in place of a
    Gaussian window; beyond its border an image is reflected (``losses/baselosses.py`` of
    SGDepth, ``loss_functions.py`` of Insta-DM).

    Args:
        first: H and W at least 2; both constants are meant for a range of 1, 0..1 as in
            SGDepth. # (B, C, H, W)
        second: as ``first``.

    Raises:
        ValueError: for images of different shapes or below 2x2 px.
    """
    if first.shape != second.shape or first.ndim != 4 or min(first.shape[2:]) < 2:
        raise ValueError(
            "images must both be (B, C, H, W) with H and W at least 2, "
            f"got {tuple(first.shape)} and {tuple(second.shape)}"
        )
    x, y = (F.pad(image, (1, 1, 1, 1), mode="reflect") for image in (first, second))
    mean_x, mean_y = _box_mean(x), _box_mean(y)
    variance_x = _box_mean(x * x) - mean_x * mean_x
    variance_y = _box_mean(y * y) - mean_y * mean_y
    covariance = _box_mean(x * y) - mean_x * mean_y
    same = (2 * mean_x * mean_y + _C1) * (2 * covariance + _C2)
    total = (mean_x * mean_x + mean_y * mean_y + _C1) * (variance_x + variance_y + _C2)
    return ((1 - same / total) / 2).clamp(0, 1)


def _box_mean(image: Tensor) -> Tensor:
    return F.avg_pool2d(image, 3, stride=1)
