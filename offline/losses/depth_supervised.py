"""Supervised loss of relative depth, whatever its scale; and of labels.

A network that sees one image cannot know the scale: every term compares the logarithms of depths
up to a constant of each sample, as the scale-invariant error does (Eigen et al., NeurIPS 2014);
with absolute values (Ranftl et al., MiDaS, TPAMI 2020), so that the best constant is the median,
by which evaluation scales, too. Changes from pixel to pixel are compared at several steps (Li and
Snavely, MegaDepth, CVPR 2018), which keeps edges sharp.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from offline.losses.reductions import mean_over
from offline.losses.segmentation import weighted_cross_entropy
from scene_perception.cityscapes import CLASSES, SKY

# As far as evaluation looks; what is farther looks the same in a picture.
FAR_M = 80.0
_STEPS = (1, 2, 4, 8)


def log_ratio(inverse_depth: Tensor, depth: Tensor) -> tuple[Tensor, Tensor]:
    """Return log(inverse depth * depth), 0 where depth is 0, and where it is known.

    Args:
        inverse_depth: of the network, > 0, in any unit. # (B, 1, H, W)
        depth: metres, 0 where not known. # (B, 1, H, W)

    Raises:
        ValueError: for shapes that differ.
    """
    if inverse_depth.shape != depth.shape:
        raise ValueError(
            "inverse depth and depth must have one shape, got "
            f"{tuple(inverse_depth.shape)} and {tuple(depth.shape)}"
        )
    known = depth > 0
    # Ones before the logarithm: its gradient at what is masked would not be a number.
    product = torch.where(known, inverse_depth.float() * depth, 1.0)
    return product.log(), known


@torch.no_grad()
def log_scale(ratio: Tensor, known: Tensor) -> Tensor:
    """Return each sample's median of ``ratio`` where known, 0 where nothing is.

    Of an even number the lower one of the middle two. # 2 x (B, 1, H, W) -> (B, 1, 1, 1)
    """
    ordered = torch.where(known, ratio, torch.inf).flatten(1).sort(1).values
    count = known.flatten(1).sum(1, keepdim=True)
    middle = ordered.gather(1, (count - 1).clamp(min=0) // 2)
    return torch.where(count > 0, middle, 0.0)[..., None, None]


def depth_loss(inverse_depths: Sequence[Tensor], depth: Tensor) -> Tensor:
    """Return the mean absolute error of log depth up to each sample's scale, over all scales.

    Scale n counts 2^-n. The constant is the one that makes the error least, so that no gradient
    through it is lost.

    Args:
        inverse_depths: at 1/2, 1/4 ... of the truth's size, > 0. # (B, 1, H / 2^n, W / 2^n)
        depth: metres, 0 where not known. # (B, 1, H, W)
    """
    total, weights = depth.new_zeros(()), 0.0
    for n, inverse_depth in enumerate(inverse_depths, start=1):
        ratio, known = log_ratio(inverse_depth, at_scale(depth, n))
        error = (ratio - log_scale(ratio, known)).abs()
        total = total + 2.0**-n * mean_over(error, known)
        weights += 2.0**-n
    return total / weights


def edge_loss(inverse_depth: Tensor, depth: Tensor) -> Tensor:
    """Return the mean absolute error of log depth's changes, the sum over several steps.

    Args:
        inverse_depth: > 0. # (B, 1, H, W)
        depth: metres, 0 where not known; of the same size.
    """
    ratio, known = log_ratio(inverse_depth, depth)
    total = depth.new_zeros(())
    for step in _STEPS:
        coarse, there = ratio[..., ::step, ::step], known[..., ::step, ::step]
        along_x = there[..., 1:] & there[..., :-1]
        along_y = there[..., 1:, :] & there[..., :-1, :]
        total = total + mean_over(coarse.diff(dim=3).abs(), along_x)
        total = total + mean_over(coarse.diff(dim=2).abs(), along_y)
    return total / len(_STEPS)


def sky_loss(inverse_depth: Tensor, depth: Tensor, labels: Tensor) -> Tensor:
    """Return by how much log depth of the sky is nearer than ``FAR_M``, the mean over the sky.

    Metres are those of the sample's known depth; a sample without any does not count.

    Args:
        inverse_depth: > 0. # (B, 1, H, W)
        depth: metres, 0 where not known, as in the sky. # (B, 1, H, W)
        labels: train ids. # (B, H, W)
    """
    ratio, known = log_ratio(inverse_depth, depth)
    sky = (labels[:, None] == SKY) & known.flatten(1).any(1).view(-1, 1, 1, 1)
    nearer = (inverse_depth.float() * FAR_M).log() - log_scale(ratio, known)
    return mean_over(nearer.clamp(min=0), sky)


def at_scale(values: Tensor, n: int) -> Tensor:
    """Return every 2^n-th row and column: what the network's scale n predicts.

    TensorFlow's resize, which makes its outputs, puts sample i of a scale at pixel 2^n i.
    """
    step = 2**n
    return values[..., ::step, ::step]


def label_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the cross-entropy, weighted by class, over the pixels that have a label.

    Weights are ENet's for Cityscapes (``segmentation.CLASS_WEIGHTS``).

    Args:
        logits: of the 19 train ids. # (B, 19, H, W)
        labels: train ids, 255 unknown, any integer type. # (B, H, W)

    Raises:
        ValueError: for another number of classes, or labels of another size.
    """
    return weighted_cross_entropy(logits, labels, len(CLASSES))
