"""DWARF's outputs at the images' size: positive disparities and flow, in pixels.

Each refinement has the finest level's heads and context networks of what it gives; depth alone
needs ``DisparityRefinement`` alone. The published network's signs and units end here.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from scene_perception.models.dwarf_blocks import TRUNK_CHANNELS, ContextNetwork
from scene_perception.models.dwarf_decoder import UNIT_PX, level_channels
from scene_perception.models.dwarf_encoder import LEVELS
from scene_perception.models.dwarf_heads import HEAD_CHANNELS, HEADS, HeadOutputs, Heads
from scene_perception.models.layers import resize_bilinear

_TRUNK = level_channels(LEVELS[0]) + TRUNK_CHANNELS


class DisparityOutputs(NamedTuple):
    """Disparity of the left image, px, positive where the network is right. # (B, 1, H, W)."""

    disparity: Tensor


class MotionOutputs(NamedTuple):
    """What becomes of the left image's points one frame later.

    Attributes:
        next_disparity: at t+1, of the point seen at this pixel at t, px. # (B, 1, H, W)
        flow: left to next left image, px, channel 0 = x. # (B, 2, H, W)
    """

    next_disparity: Tensor
    flow: Tensor


class Refined(NamedTuple):
    """Level 2's predictions, full-resolution px / 20, published signs. # (B, M, h, w)."""

    unrefined: Tensor
    residual: Tensor


class DisparityRefinement(nn.Module):
    """Disparity at the images' size. All that depth needs after the decoder."""

    def __init__(self) -> None:
        super().__init__()
        self.heads = Heads(_TRUNK, {"disparity": HEADS["disparity"]}, upsamples=False)
        self.disparity = ContextNetwork(_TRUNK + HEAD_CHANNELS, HEADS["disparity"])

    def forward(self, trunk: Tensor) -> DisparityOutputs:
        """Refine what the decoder's trunk says. # (B, 572, H/4, W/4)."""
        return DisparityOutputs(-full_size(sum_of(self.refine(trunk))))

    def refine(self, trunk: Tensor) -> Refined:
        """Return disparity before its context network, and the residual."""
        heads: HeadOutputs = self.heads(trunk)
        return Refined(heads.motion, self.disparity(trunk, heads.features))


class MotionRefinement(nn.Module):
    """Disparity at t+1 and flow at the images' size."""

    def __init__(self) -> None:
        super().__init__()
        outputs = {name: HEADS[name] for name in ("next_disparity", "flow")}
        self.heads = Heads(_TRUNK, outputs, upsamples=False)
        self.next_disparity = ContextNetwork(_TRUNK + HEAD_CHANNELS, HEADS["next_disparity"])
        self.flow = ContextNetwork(_TRUNK + HEAD_CHANNELS, HEADS["flow"])

    def forward(self, trunk: Tensor) -> MotionOutputs:
        """Refine what the decoder's trunk says. # (B, 572, H/4, W/4)."""
        motion = full_size(sum_of(self.refine(trunk)))
        return MotionOutputs(-motion[:, :1], motion[:, 1:])

    def refine(self, trunk: Tensor) -> Refined:
        """Return next disparity and flow before their context networks, and the residual."""
        heads: HeadOutputs = self.heads(trunk)
        features = heads.features.chunk(2, 1)
        pairs = zip((self.next_disparity, self.flow), features, strict=True)
        return Refined(heads.motion, torch.cat([context(trunk, own) for context, own in pairs], 1))


def sum_of(refined: Refined) -> Tensor:
    """Return level 2's predictions with their residual. # (B, M, h, w)."""
    return refined.unrefined + refined.residual


def full_size(refined: Tensor) -> Tensor:
    """Return level 2's predictions at the images' size, px. # (B, C, 4h, 4w)."""
    height, width = refined.shape[2:]
    return resize_bilinear(refined * UNIT_PX, 4 * height, 4 * width)
