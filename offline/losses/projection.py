"""Insta-DM's projection loss of one frame against another (``loss_functions.py``)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from offline.losses.inverse_warp import Padding
from offline.losses.motion_field import warp_by_motion_field
from offline.losses.reductions import mean_over
from offline.losses.ssim import dissimilarity

_SSIM_SHARE = 0.85


@dataclass(frozen=True)
class ProjectionSettings:
    """What counts as a difference, and where. The defaults are those of the training scripts.

    Attributes:
        ssim: 0.85 dissimilarity + 0.15 absolute difference, else the latter alone.
        depth_weight: weigh colours by 1 - depth difference (the paper's inconsistency mask).
        automask: only where warping brings the colours nearer than doing nothing.
        only_objects: only on instances.
        padding: what is read outside an image.
    """

    ssim: bool = True
    depth_weight: bool = True
    automask: bool = True
    only_objects: bool = False
    padding: Padding = "zeros"


class Projection(NamedTuple):
    """The source frame as the target should show it, and how far it does.

    Attributes:
        photo: mean difference of colours over valid pixels.
        geometry: mean difference of depths over valid pixels.
        image: the source, warped. # (B, 3, H, W)
        flow: px from target to source. # (B, 2, H, W)
        depth_difference: 0..1. # (B, 1, H, W)
        valid: what was counted, bool. # (B, 1, H, W)
    """

    photo: Tensor
    geometry: Tensor
    image: Tensor
    flow: Tensor
    depth_difference: Tensor
    valid: Tensor


def project(
    target: tuple[Tensor, Tensor],
    source: tuple[Tensor, Tensor],
    field: Tensor,
    intrinsics: Tensor,
    seen: Tensor,
    objects: Tensor,
    settings: ProjectionSettings,
) -> Projection:
    """Compare a target frame with the source warped to it (sections 3.2 and 3.3).

    Args:
        target: image in -1..1 and depth. # (B, 3, H, W), (B, 1, H, W)
        source: the same of the other frame.
        field: motion from target to source. # (B, 6, H, W)
        intrinsics: of both images. # (B, 3, 3)
        seen: where the source, carried to the target by the camera's motion, shows something;
            no gradient passes through it. # (B, 1, H, W) bool
        objects: where instances are in the target. # (B, 1, H, W) bool
        settings: what is compared.

    Raises:
        ValueError: for shapes that do not match.
    """
    (image, depth), (source_image, source_depth) = target, source
    warp = warp_by_motion_field(
        source_image, source_depth, depth, field, intrinsics, settings.padding
    )
    difference = (image - warp.image).abs().clamp(0, 1)
    depth_difference = relative_difference(warp.computed_depth, warp.projected_depth)
    valid = warp.valid & seen
    if settings.automask:
        valid = valid & (_mean(difference) < _mean((image - source_image).abs()))
    if settings.only_objects:
        valid = valid & objects
    if settings.ssim:
        structure = dissimilarity(image, warp.image)
        difference = (1 - _SSIM_SHARE) * difference + _SSIM_SHARE * structure
    if settings.depth_weight:
        difference = difference * (1 - depth_difference)
    return Projection(
        mean_over(difference, valid),
        mean_over(depth_difference, valid),
        warp.image,
        warp.flow,
        depth_difference,
        valid,
    )


def relative_difference(first: Tensor, second: Tensor) -> Tensor:
    """Return ``|a - b| / (a + b)`` clamped to 0..1; a > 0, b >= 0."""
    return ((first - second).abs() / (first + second)).clamp(0, 1)


def _mean(colours: Tensor) -> Tensor:
    return torch.mean(colours, 1, keepdim=True)
