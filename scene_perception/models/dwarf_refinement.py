"""DWARF's outputs at the images' size: positive disparities and flow, in pixels.

The published network's signs and units end here. Depth alone needs ``DisparityRefinement`` alone.
"""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn

from scene_perception.models.dwarf_blocks import TRUNK_CHANNELS, ContextNetwork
from scene_perception.models.dwarf_decoder import UNIT_PX, level_channels
from scene_perception.models.dwarf_encoder import LEVELS
from scene_perception.models.dwarf_heads import HEAD_CHANNELS
from scene_perception.models.layers import resize_bilinear

_CONTEXT_CHANNELS = level_channels(LEVELS[0]) + TRUNK_CHANNELS + HEAD_CHANNELS


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


class DisparityRefinement(nn.Module):
    """Disparity at the images' size. All that depth needs after the decoder."""

    def __init__(self) -> None:
        super().__init__()
        self.disparity = ContextNetwork(_CONTEXT_CHANNELS, 1)

    def forward(
        self, trunk: Tensor, disparity_features: Tensor, coarse_disparity: Tensor
    ) -> DisparityOutputs:
        """Refine the disparity of ``CoarseSceneFlow``, whose attributes the inputs are."""
        refined = coarse_disparity + self.disparity(trunk, disparity_features)
        return DisparityOutputs(-full_size(refined))


class MotionRefinement(nn.Module):
    """Disparity at t+1 and flow at the images' size."""

    def __init__(self) -> None:
        super().__init__()
        self.next_disparity = ContextNetwork(_CONTEXT_CHANNELS, 1)
        self.flow = ContextNetwork(_CONTEXT_CHANNELS, 2)

    def forward(
        self,
        trunk: Tensor,
        next_disparity_features: Tensor,
        flow_features: Tensor,
        coarse_next_disparity: Tensor,
        coarse_flow: Tensor,
    ) -> MotionOutputs:
        """Refine the motion of ``CoarseSceneFlow``, whose attributes the inputs are."""
        next_disparity = coarse_next_disparity + self.next_disparity(trunk, next_disparity_features)
        flow = coarse_flow + self.flow(trunk, flow_features)
        return MotionOutputs(-full_size(next_disparity), full_size(flow))


def full_size(refined: Tensor) -> Tensor:
    """Return level 2's predictions at the images' size, px. # (B, C, 4h, 4w)."""
    height, width = refined.shape[2:]
    return resize_bilinear(refined * UNIT_PX, 4 * height, 4 * width)
