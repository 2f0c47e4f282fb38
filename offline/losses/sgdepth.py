"""SGDepth's self-supervised depth loss (Klingner et al., ECCV 2020, ``losses/depth.py``)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from offline.losses.photometric import photometric_errors, smallest_error
from offline.losses.smoothness import divide_by_mean, edge_aware_smoothness
from offline.losses.view_synthesis import Synthesis


@dataclass(frozen=True)
class DepthLossSettings:
    """Options of the depth loss; the defaults are those of the published training.

    Attributes:
        auto_mask: let unwarped sources compete for each pixel (else
            ``--depth-disable-automasking``). Without it no minimum is taken at all: the mean
            runs over all views.
        average_reprojection: average over the sources before (``--depth-avg-reprojection``).
        smoothness_weight: of the finest scale, >= 0, halved from scale to scale
            (``--depth-disparity-smoothness``).

    Raises:
        ValueError: for a weight that is negative or not finite.
    """

    auto_mask: bool = True
    average_reprojection: bool = False
    smoothness_weight: float = 1e-3

    def __post_init__(self) -> None:
        if not (math.isfinite(self.smoothness_weight) and self.smoothness_weight >= 0):
            raise ValueError(
                f"smoothness_weight must be finite and >= 0, got {self.smoothness_weight}"
            )


class DepthLoss(NamedTuple):
    """The depth loss and what it is made of.

    Attributes:
        total: mean over the scales of photometric and smoothness loss, a scalar.
        photometric: of each scale, finest first. # (S,)
        smoothness: of each scale, weighted. # (S,)
    """

    total: Tensor
    photometric: Tensor
    smoothness: Tensor


def depth_loss(
    target: Tensor,
    sources: Sequence[Tensor],
    disparities: Sequence[Tensor],
    syntheses: Sequence[Synthesis],
    settings: DepthLossSettings,
    *,
    keep: Tensor | None = None,
) -> DepthLoss:
    """Return how badly depth and motion explain the target.

    Args:
        target: RGB in 0..1, not normalised. # (B, 3, H, W)
        sources: the neighbouring frames. # (B, 3, H, W)
        disparities: of the target in 0..1, finest first. # (B, 1, H / 2^s, W / 2^s)
        syntheses: the sources seen through each of these.
        settings: options.
        keep: pixels of moving objects are False: they count as 0 in the mean over all pixels,
            at every scale. # (B, H, W)

    Raises:
        ValueError: for no disparities, or another number of syntheses.
    """
    if not disparities or len(disparities) != len(syntheses):
        raise ValueError(
            "disparities must be at least one, each with its synthesis, "
            f"got {len(disparities)} disparities and {len(syntheses)} syntheses"
        )
    unwarped = photometric_errors(sources, target)
    photometric = []
    for synthesis in syntheses:
        warped = photometric_errors(synthesis.images, target)
        error = reprojection_error(unwarped, warped, settings)
        photometric.append((error if keep is None else error * keep[:, None]).mean())
    smoothness = [
        settings.smoothness_weight / 2**scale * disparity_smoothness(disparity, target)
        for scale, disparity in enumerate(disparities)
    ]
    per_scale = torch.stack([torch.stack(photometric), torch.stack(smoothness)])
    return DepthLoss(per_scale.sum(0).mean(), *per_scale)


def reprojection_error(unwarped: Tensor, warped: Tensor, settings: DepthLossSettings) -> Tensor:
    """Return the errors that the mean of the photometric loss runs over.

    Args:
        unwarped: errors of the sources as they are. # (B, N, H, W)
        warped: errors of the synthesised views. # (B, N, H, W)
        settings: options.

    Returns:
        One map, or as many as there are sources if none is chosen. # (B, 1 or N, H, W)
    """
    if settings.average_reprojection:
        unwarped, warped = (errors.mean(1, keepdim=True) for errors in (unwarped, warped))
    return smallest_error(unwarped, warped)[0] if settings.auto_mask else warped


def disparity_smoothness(disparity: Tensor, target: Tensor) -> Tensor:
    """Return the edge-aware smoothness of one scale, at its own size, a scalar.

    Args:
        disparity: in 0..1. # (B, 1, h, w)
        target: RGB in 0..1. # (B, 3, H, W)
    """
    image = F.interpolate(target, disparity.shape[2:], mode="bilinear", align_corners=False)
    return edge_aware_smoothness(divide_by_mean(disparity), image)
