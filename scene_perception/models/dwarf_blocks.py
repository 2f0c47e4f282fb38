"""What DWARF's levels are made of: cost volume, trunk, context network.

The three context networks share what they read, the trunk, which is computed once. Their
first layers multiply it by different weights, so they share no arithmetic, and running the
three in one convolution was no faster; each can run without the others.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scene_perception.models.correlation import mean_correlation
from scene_perception.models.dwarf_encoder import SLOPE
from scene_perception.models.dwarf_heads import HEADS, HeadOutputs, Heads
from scene_perception.models.layers import SameConv

COST_CHANNELS = 9 + 9 + 81 + 81
TRUNK_CHANNELS = 128 + 128 + 96  # what the trunk adds to its input
MOTION_CHANNELS = 4
_SEARCH_RANGE = 4
_CONTEXT = ((128, 1), (128, 2), (128, 4), (96, 8), (64, 16), (32, 1))


def cost_volume(left: Tensor, right: Tensor, next_left: Tensor, next_right: Tensor) -> Tensor:
    """Return the four correlations of two stereo pairs, activated. # (B, 180, h, w).

    Along the rows of either pair (9 channels each), of these two volumes with each other (81,
    the published "3D" correlation, whose range along the disparity axis is 0), and of the left
    images (81). All inputs are # (B, C, h, w).
    """
    rows = mean_correlation(
        torch.cat([left, next_left]), torch.cat([right, next_right]), (0, _SEARCH_RANGE)
    )
    current, following = F.leaky_relu(rows, SLOPE).chunk(2)
    both = (_SEARCH_RANGE, _SEARCH_RANGE)
    disparity_flow = mean_correlation(current, following, both)
    flow = mean_correlation(left, next_left, both)
    planes = F.leaky_relu(torch.cat([disparity_flow, flow], 1), SLOPE)
    return torch.cat([current, following, planes], 1)


class Trunk(nn.Sequential):
    """Three convolutions that each read all before them."""

    def __init__(self, inputs: int) -> None:
        super().__init__(
            *(
                SameConv(inputs + before, outputs, slope=SLOPE)
                for before, outputs in ((0, 128), (128, 128), (256, 96))
            )
        )

    def forward(self, features: Tensor) -> Tensor:
        """Append what each makes to a level's input. # (B, C, h, w) -> (B, C + 352, h, w)."""
        for layer in self:
            features = torch.cat([features, layer(features)], 1)
        return features


class Estimator(nn.Module):
    """Motion of one level from its cost volume, features and the coarser level's motion."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.trunk = Trunk(inputs)
        self.heads = Heads(inputs + TRUNK_CHANNELS, HEADS, upsamples=True)

    def forward(self, inputs: Tensor) -> HeadOutputs:
        """Estimate motion from the level's input. # (B, inputs, h, w)."""
        outputs: HeadOutputs = self.heads(self.trunk(inputs))
        return outputs


class ContextNetwork(nn.Module):
    """Residual of one head's prediction from the trunk and the head's features."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        layers = []
        for channels, dilation in _CONTEXT:
            layers.append(SameConv(inputs, channels, dilation=dilation, slope=SLOPE))
            inputs = channels
        self.layers = nn.Sequential(*layers, SameConv(inputs, outputs, linear=True))

    def forward(self, trunk: Tensor, features: Tensor) -> Tensor:
        """Return the residual from the trunk and a head's features. # (B, outputs, h, w)."""
        weight = self.layers[0].get_parameter("conv.weight")
        bias, channels = self.layers[0].get_parameter("conv.bias"), trunk.shape[1]
        shared = F.conv2d(trunk, weight[:, :channels], bias, padding=1)
        own = F.conv2d(features, weight[:, channels:], padding=1)
        residual: Tensor = self.layers[1:](F.leaky_relu(shared + own, SLOPE))
        return residual
