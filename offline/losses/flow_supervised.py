"""Supervised loss of flow and disparity: robust end-point error at every level of a pyramid.

As PWC-Net's multi-level loss (Sun et al., CVPR 2018, Eq. 1 and 2), with means in the place of
sums, so that neither the images' size nor the share of known pixels changes a term's weight.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor

from offline.losses.reductions import mean_over

# The published weights of PWC-Net and DWARF, 0.32 ... 0.005 at levels 6 ... 2, are of sums over
# pixels; of means over pixels they are in these proportions.
LEVEL_WEIGHTS = {6: 1.0, 5: 1.0, 4: 1.0, 3: 2.0, 2: 4.0}
# Of the refined prediction at the images' size: what is measured counts as much as all levels.
FULL_SIZE_WEIGHT = sum(LEVEL_WEIGHTS.values())
# A pooled cell whose truth is an average over less than half of its pixels is left out.
_KNOWN_SHARE = 0.5
_EPSILON_PX = 0.01


def endpoint_error(prediction: Tensor, truth: Tensor) -> Tensor:
    """Return the length of the difference, smooth at 0. # (B, C, H, W) -> (B, 1, H, W).

    ``sqrt(|difference|^2 + eps^2) - eps`` with eps = 0.01, in the unit of the arguments.

    Raises:
        ValueError: for shapes that differ.
    """
    if prediction.shape != truth.shape:
        raise ValueError(
            f"prediction and truth must have one shape, got {tuple(prediction.shape)} and "
            f"{tuple(truth.shape)}"
        )
    squared = (prediction.float() - truth).square().sum(1, keepdim=True)
    return (squared + _EPSILON_PX**2).sqrt() - _EPSILON_PX


def pooled(truth: Tensor, known: Tensor, factor: int) -> tuple[Tensor, Tensor]:
    """Return the mean of the known truth in cells of ``factor x factor`` pixels, and where it is.

    Args:
        truth: in px of the full size, which the result keeps. # (B, C, H, W)
        known: bool. # (B, 1, H, W)
        factor: divides H and W.

    Returns:
        Truth, 0 where unknown, and known, bool, for cells that are known to at least a half.
        # (B, C, H / factor, W / factor), (B, 1, H / factor, W / factor)
    """
    if factor == 1:
        return truth.masked_fill(~known, 0), known
    share = F.avg_pool2d(known.to(truth.dtype), factor)
    mean = F.avg_pool2d(truth.masked_fill(~known, 0), factor)
    enough = share >= _KNOWN_SHARE
    return mean / share.masked_fill(~enough, 1) * enough, enough


def multi_level_loss(
    levels: Sequence[tuple[int, Tensor]],
    full_size: Tensor,
    truth: Tensor,
    known: Tensor,
    *,
    exponent: float = 1.0,
) -> Tensor:
    """Return the weighted mean of ``endpoint_error ** exponent`` over levels, a scalar.

    Args:
        levels: the level's number n and its prediction, in px of the full size.
            # (B, C, H / 2^n, W / 2^n)
        full_size: the refined prediction. # (B, C, H, W)
        truth: px; anything where it is not known. # (B, C, H, W)
        known: bool. # (B, 1, H, W)
        exponent: 1 for the error itself; below that outliers count less (PWC-Net's
            fine-tuning has 0.4).

    Raises:
        ValueError: for a level that has no weight, or shapes that differ.
    """
    unknown = [n for n, _ in levels if n not in LEVEL_WEIGHTS]
    if unknown:
        raise ValueError(f"levels must be of {', '.join(map(str, LEVEL_WEIGHTS))}, got {unknown}")
    total = FULL_SIZE_WEIGHT * _level_loss(full_size, truth, known, 1, exponent)
    for n, prediction in levels:
        total = total + LEVEL_WEIGHTS[n] * _level_loss(prediction, truth, known, 2**n, exponent)
    return total / (FULL_SIZE_WEIGHT + sum(LEVEL_WEIGHTS[n] for n, _ in levels))


def _level_loss(
    prediction: Tensor, truth: Tensor, known: Tensor, factor: int, exponent: float
) -> Tensor:
    target, counted = pooled(truth, known, factor)
    error = endpoint_error(prediction, target)
    if exponent != 1:
        error = (error + _EPSILON_PX) ** exponent
    return mean_over(error, counted)
