"""Insta-DM's scale loss: instances are as far as their height in the image says."""

from __future__ import annotations

import torch
from torch import Tensor

from offline.losses.reductions import mean_over


def object_scale_loss(
    height_prior: Tensor,
    depth: Tensor,
    instances: Tensor,
    intrinsics: Tensor,
    *,
    published_nan: bool = False,
) -> Tensor:
    """Return how far instances' mean depths are from ``fy * height_prior / height``.

    Relative to the mean depth of the image, which gets no gradient lest the sky be pushed
    away; the mean over all instances of the batch with a height (Casser et al., struct2depth,
    AAAI 2019; ``loss_functions.py``, ``compute_obj_size_constraint_loss``).

    Args:
        height_prior: of objects, in the unit of the depth, a scalar.
        depth: # (B, 1, H, W)
        instances: channel 0 = their number, then masks, 0 or 1. # (B, 1 + N, H, W)
        intrinsics: # (B, 3, 3)
        published_nan: return NaN where no instance has a height, as the published code does,
            else 0.

    Raises:
        ValueError: for shapes that do not match.
    """
    expected = (len(depth), *depth.shape[2:])
    if (len(instances), *instances.shape[2:]) != expected:
        raise ValueError(
            f"instances must be (B, 1 + N, H, W) with B, H, W = {expected} of the depth, "
            f"got {tuple(instances.shape)}"
        )
    masks = instances[:, 1:].to(depth.dtype)
    object_depth = (depth * masks).sum((2, 3)) / masks.sum((2, 3)).clamp(min=1e-9)  # (B, N)
    height_px = instance_heights(masks)
    valid = (object_depth > 0) & (height_px > 0)
    supposed = intrinsics[:, 1, 1, None] * height_prior / height_px.clamp(min=1)
    mean_depth = depth.detach().mean((1, 2, 3))[:, None]
    errors = ((object_depth - supposed) / mean_depth).abs()
    mean = mean_over(errors, valid)
    return mean.where(valid.any(), torch.nan) if published_nan else mean


def instance_heights(masks: Tensor) -> Tensor:
    """Return each mask's last row minus its first, 0 without any pixel, px.

    Args:
        masks: 0 or 1. # (B, N, H, W)

    Returns:
        Heights in the masks' type. # (B, N)
    """
    rows = (masks == 1).any(3)
    numbers = torch.arange(rows.shape[2], device=masks.device).to(masks.dtype)
    last = numbers.masked_fill(~rows, -1).amax(2)
    first = numbers.masked_fill(~rows, rows.shape[2]).amin(2)
    return (last - first).clamp(min=0)
