"""Insta-DM's motion loss: forward and backward motion undo each other.

After Gordon et al., "Depth from videos in the wild" (ICCV 2019); ``loss_functions.py``,
``compute_mof_consistency_loss``.
"""

from __future__ import annotations

import torch
from torch import Tensor

from offline.losses.flow_warp import flow_warp
from offline.losses.motion_field import field_rotation
from offline.losses.projection import Projection
from offline.losses.reductions import mean_over

_TINY = 1e-24


def motion_consistency_loss(
    forward: Tensor,
    backward: Tensor,
    projection: Projection,
    *,
    alpha: float,
    max_depth_difference: float,
) -> Tensor:
    """Return the rotation term plus ``alpha`` times the translation term, a scalar.

    Args:
        forward: motion from target to source. # (B, 6, H, W)
        backward: motion from source to target. # (B, 6, H, W)
        projection: of the source on the target: its flow tells where the backward motion is
            read, its masks which pixels count. No gradient passes through it.
        alpha: weight of the translation term.
        max_depth_difference: pixels beyond it do not count.
    """
    there, back = field_rotation(forward), field_rotation(backward)
    warped, _ = flow_warp(backward, projection.flow.detach())
    translation_back = warped[:, :3]
    remaining = _rotated(there, translation_back) + forward[:, :3]
    scale = _TINY + _squared(translation_back) + _squared(forward[:, :3])
    near = projection.depth_difference.detach() <= max_depth_difference
    translation_error = mean_over(_squared(remaining) / scale, near & projection.valid)
    return _rotation_error(there, back).mean() + alpha * translation_error


def _rotation_error(there: Tensor, back: Tensor) -> Tensor:
    """Return the error of the product, relative to both rotations. # (B, 3, 3) -> (B,)."""
    scale = _TINY + _distance(there) + _distance(back)
    return _distance(there @ back) / scale


def _distance(rotation: Tensor) -> Tensor:
    identity = torch.eye(3, dtype=rotation.dtype, device=rotation.device)
    return (rotation - identity).square().mean((1, 2))


def _rotated(rotation: Tensor, vectors: Tensor) -> Tensor:
    return (rotation @ vectors.flatten(2)).view_as(vectors)


def _squared(vectors: Tensor) -> Tensor:
    return vectors.square().sum(1, keepdim=True)
