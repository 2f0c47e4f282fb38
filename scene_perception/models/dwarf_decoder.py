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
    Estimator,
    Trunk,
    cost_volume,
)
from scene_perception.models.dwarf_encoder import LEVELS, STEREO_CHANNELS
from scene_perception.models.dwarf_heads import HeadOutputs

UNIT_PX = 20.0  # every level predicts full-resolution pixels / 20


class DecoderOutputs(NamedTuple):
    """What the finest level's heads and context networks read. # (B, 572, H/4, W/4)."""

    trunk: Tensor


class LevelInputs(NamedTuple):
    """What a level reads, and what that was made from; no features are warped at level 6."""

    inputs: Tensor
    costs: Tensor
    warped: tuple[Tensor, ...]


class LevelEstimate(NamedTuple):
    """What one of the levels 6 to 3 reads and says."""

    level: LevelInputs
    outputs: HeadOutputs


class SceneFlowDecoder(nn.Module):
    """Coarse-to-fine disparities and flow from two stereo pairs' features.

    Its last level ends with the trunk: the heads there belong to the refinements, so that
    each runs only where it is read.
    """

    def __init__(self) -> None:
        super().__init__()
        self.levels = nn.ModuleDict(
            {f"level_{n}": Estimator(level_channels(n)) for n in reversed(LEVELS[1:])}
        )
        self.trunk = Trunk(level_channels(LEVELS[0]))

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
    ) -> DecoderOutputs:
        """Return level 2's trunk from the features of the current and the next pair."""
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
        finest = self.estimate(current, following)[-1].outputs
        inputs = self.level_inputs(LEVELS[0], current[0], following[0], finest).inputs
        return DecoderOutputs(self.trunk(inputs))

    def estimate(
        self, current: Sequence[Tensor], following: Sequence[Tensor], *, finest: int = LEVELS[1]
    ) -> list[LevelEstimate]:
        """Return the estimates of levels 6 to ``finest``, 3 or coarser, from two pyramids."""
        estimates: list[LevelEstimate] = []
        for n, features, next_features in zip(
            reversed(LEVELS[1:]), reversed(current[1:]), reversed(following[1:]), strict=True
        ):
            if n < finest:
                break
            coarser = estimates[-1].outputs if estimates else None
            level = self.level_inputs(n, features, next_features, coarser)
            estimates.append(LevelEstimate(level, self.levels[f"level_{n}"](level.inputs)))
        return estimates

    @staticmethod
    def level_inputs(
        n: int, current: Tensor, following: Tensor, coarser: HeadOutputs | None
    ) -> LevelInputs:
        """Match two pairs' features, warped by what the coarser level says, if there is one."""
        left, right = current.chunk(2)
        known: tuple[Tensor, ...] = ()
        if coarser is not None and coarser.upsampled is not None:
            known = (left, coarser.upsampled)
            shifts = coarser.upsampled[:, :MOTION_CHANNELS] * (UNIT_PX / 2**n)
            right, following = warped_views(right, following, shifts)
        next_left, next_right = following.chunk(2)
        costs = cost_volume(left, right, next_left, next_right)
        inputs = _laid_out_as(left, torch.cat([costs, *known], 1))
        return LevelInputs(inputs, costs, (right, next_left, next_right))


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
