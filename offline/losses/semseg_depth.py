"""Supervised depth losses of the Semseg-MonoDepth baselines (``ptsemseg/loss/loss.py``).

All take predicted and true depth, and by default add a thousandth of the prediction's second
differences. As published the sum over valid pixels is divided by the number of INVALID ones: a
slip, surely, but learning rates were chosen with it. Sparse ground truth keeps the divisor of
the right order; a batch without an invalid pixel has no finite loss.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

_SMOOTHNESS_WEIGHT = 1 / 1000
_MIN_DEPTH = 1e-3  # under a logarithm


class ValidPixels(NamedTuple):
    """Where prediction and truth are both > 0, and what sums are divided by (see above)."""

    mask: Tensor  # (B, 1, H, W) bool
    divisor: Tensor


def l1_loss(depth: Tensor, truth: Tensor, *, smooth: bool = True) -> Tensor:
    """Return the absolute difference.

    Args:
        depth: predicted; enlarged to the truth's size. # (B, 1, h, w)
        truth: 0 where unknown. # (B, 1, H, W)
        smooth: add the smoothness.

    Raises:
        ValueError: for other shapes.
    """
    depth = at_size_of(truth, depth)
    return _over_valid((truth - depth).abs(), depth, truth) + _smoothness(depth, smooth)


def berhu_loss(depth: Tensor, truth: Tensor, *, smooth: bool = True) -> Tensor:
    """Return the absolute difference, squared beyond a fifth of the largest.

    The largest is over all pixels, invalid ones included, and has no gradient (Laina et al.,
    "Deeper Depth Prediction", 2016).

    Args:
        depth: predicted; enlarged to the truth's size. # (B, 1, h, w)
        truth: 0 where unknown. # (B, 1, H, W)
        smooth: add the smoothness.

    Raises:
        ValueError: for other shapes.
    """
    depth = at_size_of(truth, depth)
    difference = (truth - depth).abs()
    limit = difference.detach().max() / 5
    squared = (difference**2 + limit**2) / (2 * limit.clamp(min=torch.finfo(limit.dtype).tiny))
    error = torch.where(difference <= limit, difference, squared)
    return _over_valid(error, depth, truth) + _smoothness(depth, smooth)


def huber_loss(depth: Tensor, truth: Tensor, *, smooth: bool = True) -> Tensor:
    """Return half the squared difference where truth - depth < 1, else that minus 0.5.

    As published the difference keeps its sign: too large a depth is squared however large.

    Args:
        depth: predicted; enlarged to the truth's size. # (B, 1, h, w)
        truth: 0 where unknown. # (B, 1, H, W)
        smooth: add the smoothness.

    Raises:
        ValueError: for other shapes.
    """
    depth = at_size_of(truth, depth)
    difference = truth - depth
    error = torch.where(difference < 1, difference**2 / 2, difference - 0.5)
    return _over_valid(error, depth, truth) + _smoothness(depth, smooth)


def scale_invariant_loss(depth: Tensor, truth: Tensor, *, smooth: bool = True) -> Tensor:
    """Return the variance of the logarithms' difference, which may be negative here.

    Eigen et al. (2014), equation 4 with lambda = 1, over the whole batch.

    Args:
        depth: predicted; enlarged to the truth's size. # (B, 1, h, w)
        truth: 0 where unknown. # (B, 1, H, W)
        smooth: add the smoothness.

    Raises:
        ValueError: for other shapes.
    """
    depth = at_size_of(truth, depth)
    mask, divisor = valid_pixels(depth, truth)
    difference = (depth.clamp(min=_MIN_DEPTH).log() - truth.clamp(min=_MIN_DEPTH).log()) * mask
    variance = (difference**2).sum() / divisor - difference.sum() ** 2 / divisor**2
    return variance + _smoothness(depth, smooth)


def second_differences(depth: Tensor) -> Tensor:
    """Return the mean absolute second differences along xx, xy, yx and yy, summed, a scalar.

    # (B, 1, H, W) with H and W at least 3
    """
    along_x, along_y = depth.diff(dim=3), depth.diff(dim=2)
    seconds = [first.diff(dim=axis) for first in (along_x, along_y) for axis in (3, 2)]
    return torch.stack([second.abs().mean() for second in seconds]).sum()


def valid_pixels(depth: Tensor, truth: Tensor) -> ValidPixels:
    """Return where both are > 0, and how often in the whole batch they are not."""
    mask = (depth > 0) & (truth > 0)
    return ValidPixels(mask, (~mask).sum().to(depth.dtype))


def at_size_of(truth: Tensor, depth: Tensor) -> Tensor:
    """Return depth enlarged bilinearly to the truth's size. # (B, 1, H, W).

    Raises:
        ValueError: for maps that are not (B, 1, H, W), or of another batch.
    """
    if depth.ndim != 4 or truth.ndim != 4 or depth.shape[:2] != truth.shape[:2]:
        raise ValueError(
            "depth and truth must be (B, 1, H, W) of one batch, "
            f"got {tuple(depth.shape)} and {tuple(truth.shape)}"
        )
    if depth.shape == truth.shape:
        return depth
    return F.interpolate(depth, truth.shape[2:], mode="bilinear", align_corners=False)


def _over_valid(error: Tensor, depth: Tensor, truth: Tensor) -> Tensor:
    mask, divisor = valid_pixels(depth, truth)
    return (error * mask).sum() / divisor


def _smoothness(depth: Tensor, smooth: bool) -> Tensor:
    return _SMOOTHNESS_WEIGHT * second_differences(depth) if smooth else depth.new_zeros(())
