"""What SD-OFNet learns from: the teacher's flow or the rigid flow, pixel by pixel.

OmegaNet (Tosi et al., CVPR 2020, section 3.3): the teacher errs where it sees nothing to match, in
occlusions and beyond the image's border; there the flow of static things follows from depth and
camera motion. Rigid flow errs where things move.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from offline.losses.flow_photometric import robust
from offline.losses.occlusion import ends_inside
from offline.losses.reductions import mean_over
from scene_perception.geometry.motion import dynamic_prior, motion_probability


class DistillationLosses(NamedTuple):
    """Mean robust errors against both flows, scalars, not weighted."""

    teacher: Tensor
    rigid: Tensor


def trust_teacher(teacher: Tensor, rigid: Tensor, labels: Tensor, threshold: float = 0.5) -> Tensor:
    """Return where the teacher's flow is learnt; the rigid flow is learnt elsewhere.

    ``M = min(max(M_d, M_c), M_b)``: of a class that can move, or both flows consistent
    (motion probability < ``threshold``), and the rigid flow ends inside the image.

    Args:
        teacher: the teacher's flow, px. # (B, 2, H, W)
        rigid: flow that the camera's motion explains, px. # (B, 2, H, W)
        labels: train ids; unknown ones cannot move. # (B, H, W)
        threshold: the published xi is 0.5.

    Returns:
        bool. # (B, 1, H, W)
    """
    consistent = motion_probability(teacher, rigid) < threshold
    return (dynamic_prior(labels)[:, None] | consistent) & ends_inside(rigid)


def distillation_losses(
    flow: Tensor, teacher: Tensor, rigid: Tensor, from_teacher: Tensor, known: Tensor
) -> DistillationLosses:
    """Return how far the student is from each of its teachers, where it is to learn from it.

    Args:
        flow: the student's, px. # (B, 2, H, W)
        teacher: target without a gradient. # (B, 2, H, W)
        rigid: target without a gradient. # (B, 2, H, W)
        from_teacher: as ``trust_teacher``. # (B, 1, H, W)
        known: where targets count at all, bool. # (B, 1, H, W)
    """
    return DistillationLosses(
        _error(flow, teacher, known & from_teacher), _error(flow, rigid, known & ~from_teacher)
    )


def _error(flow: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Return the mean over ``mask``; a rigid flow may be infinite, where depth is random."""
    finite = torch.isfinite(target).all(1, keepdim=True)
    errors = robust(flow - torch.where(finite, target, 0.0).detach())
    return mean_over(errors.mean(1, keepdim=True), mask & finite)
