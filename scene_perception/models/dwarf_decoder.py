"""DWARF's coarse-to-fine decoder: each level warps by the coarser one's scene flow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from scene_perception.geometry.warp import warp_along_rows, warp_repeating_border
from scene_perception.models.dwarf_blocks import (
    COST_CHANNELS,
    MOTION_CHANNELS,
    Estimate,
    Estimator,
    cost_volume,
)
from scene_perception.models.dwarf_encoder import LEVELS, STEREO_CHANNELS
from scene_perception.models.dwarf_heads import HEADS

UNIT_PX = 20.0  # every level predicts full-resolution pixels / 20


class CoarseSceneFlow(NamedTuple):
    """Level 2 before the context networks, at a quarter of the size: h, w = H/4, W/4.

    Attributes:
        trunk: what all three context networks read. # (B, 572, h, w)
        disparity_features: what one of them reads besides. # (B, 96, h, w)
        next_disparity_features: the same. # (B, 96, h, w)
        flow_features: the same. # (B, 96, h, w)
        coarse_disparity: published sign and unit. # (B, 1, h, w)
        coarse_next_disparity: published sign and unit. # (B, 1, h, w)
        coarse_flow: published unit. # (B, 2, h, w)
    """

    trunk: Tensor
    disparity_features: Tensor
    next_disparity_features: Tensor
    flow_features: Tensor
    coarse_disparity: Tensor
    coarse_next_disparity: Tensor
    coarse_flow: Tensor


class LevelEstimate(NamedTuple):
    """One level's estimate and what it was made from; no features are warped at level 6."""

    estimate: Estimate
    costs: Tensor
    warped: tuple[Tensor, ...]


class SceneFlowDecoder(nn.Module):
    """Coarse-to-fine disparities and flow from two stereo pairs' features."""

    def __init__(self) -> None:
        super().__init__()
        self.levels = nn.ModuleDict(
            {
                f"level_{n}": Estimator(level_channels(n), upsamples=n != LEVELS[0])
                for n in reversed(LEVELS)
            }
        )

    def forward(
        self,
        features_2_current: Tensor,
        features_2_next: Tensor,
        features_3_current: Tensor,
        features_3_next: Tensor,
        features_4_current: Tensor,
        features_4_next: Tensor,
        features_5_current: Tensor,
        features_5_next: Tensor,
        features_6_current: Tensor,
        features_6_next: Tensor,
    ) -> CoarseSceneFlow:
        """Return level 2's scene flow from the features of the current and the next pair."""
        current = (
            features_2_current,
            features_3_current,
            features_4_current,
            features_5_current,
            features_6_current,
        )
        following = (
            features_2_next,
            features_3_next,
            features_4_next,
            features_5_next,
            features_6_next,
        )
        finest = self.estimate(current, following)[-1].estimate
        disparity, next_disparity, flow = finest.features.chunk(len(HEADS), 1)
        return CoarseSceneFlow(
            finest.trunk, disparity, next_disparity, flow, *predictions(finest.motion)
        )

    def estimate(
        self, current: Sequence[Tensor], following: Sequence[Tensor]
    ) -> list[LevelEstimate]:
        """Return the estimates of levels 6 to 2 from two pairs' pyramids, level 2 first."""
        estimates: list[LevelEstimate] = []
        for n, features, next_features in zip(
            reversed(LEVELS), reversed(current), reversed(following), strict=True
        ):
            coarser = estimates[-1].estimate if estimates else None
            estimates.append(self._level(n, features, next_features, coarser))
        return estimates

    def _level(
        self, n: int, current: Tensor, following: Tensor, coarser: Estimate | None
    ) -> LevelEstimate:
        left, right = current.chunk(2)
        known: tuple[Tensor, ...] = ()
        if coarser is not None and coarser.upsampled is not None:
            known = (left, coarser.upsampled)
            shifts = coarser.upsampled[:, :MOTION_CHANNELS] * (UNIT_PX / 2**n)
            right, following = warped_views(right, following, shifts)
        next_left, next_right = following.chunk(2)
        costs = cost_volume(left, right, next_left, next_right)
        inputs = _laid_out_as(left, torch.cat([costs, *known], 1))
        estimate = self.levels[f"level_{n}"](inputs)
        return LevelEstimate(estimate, costs, (right, next_left, next_right))


def warped_views(right: Tensor, following: Tensor, shifts: Tensor) -> tuple[Tensor, Tensor]:
    """Return the other three views' features on the left view's grid.

    Args:
        right: features of the right view at t. # (B, C, h, w)
        following: left views at t+1, then right ones. # (2B, C, h, w)
        shifts: d, c, u, v in px of this level, published signs. # (B, 4, h, w)
    """
    shift, next_shift, flow = predictions(shifts)
    next_flow = torch.cat([flow[:, :1] + next_shift, flow[:, 1:]], 1)
    return (
        warp_along_rows(right, shift),
        warp_repeating_border(following, torch.cat([flow, next_flow])),
    )


def _laid_out_as(reference: Tensor, features: Tensor) -> Tensor:
    """Return ``features`` channels last in memory if ``reference`` is.

    A concatenation of both kinds is not, and each layer that reads it would turn it around.
    """
    if reference.is_contiguous(memory_format=torch.channels_last):
        return features.contiguous(memory_format=torch.channels_last)
    return features


def predictions(motion: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Split motion channels into disparity, next disparity and flow. # (B, 1 | 1 | 2, h, w)."""
    disparity, next_disparity, flow = motion.tensor_split((1, 2), 1)
    return disparity, next_disparity, flow


def level_channels(n: int) -> int:
    """Return how many channels the estimator of level ``n`` reads."""
    known = STEREO_CHANNELS[n] + 2 * MOTION_CHANNELS if n < LEVELS[-1] else 0
    return COST_CHANNELS + known
