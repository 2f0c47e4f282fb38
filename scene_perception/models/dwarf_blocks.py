"""What DWARF's levels are made of: cost volume, trunk with three heads, context network.

The three context networks share what they read, the trunk, which is computed once. Their
first layers multiply it by different weights, so they share no arithmetic, and running the
three in one convolution was no faster; each can run without the others.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scene_perception.models.correlation import mean_correlation
from scene_perception.models.dwarf_encoder import SLOPE
from scene_perception.models.dwarf_heads import HEADS, Head, MergedHeads, merge
from scene_perception.models.layers import SameConv

COST_CHANNELS = 9 + 9 + 81 + 81
TRUNK_CHANNELS = 128 + 128 + 96  # what the trunk adds to its input
MOTION_CHANNELS = 4
_SEARCH_RANGE = 4
_CONTEXT = ((128, 1), (128, 2), (128, 4), (96, 8), (64, 16), (32, 1))


class Estimate(NamedTuple):
    """What one level knows.

    Attributes:
        trunk: its input and the trunk's three outputs. # (B, C + 352, h, w)
        features: what the heads add to the trunk, in the order of ``HEADS``. # (B, 288, h, w)
        motion: the heads' predictions, full-resolution px / 20, published signs. # (B, 4, h, w)
        upsampled: motion, then features in as many channels, for the next level; None at the
            last one. # (B, 4 + 4, 2h, 2w)
    """

    trunk: Tensor
    features: Tensor
    motion: Tensor
    upsampled: Tensor | None


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


class Estimator(nn.Module):
    """Motion of one level from its cost volume, features and the coarser level's motion."""

    def __init__(self, inputs: int, *, upsamples: bool) -> None:
        super().__init__()
        self.trunk = nn.ModuleList(
            SameConv(inputs + before, outputs, slope=SLOPE)
            for before, outputs in ((0, 128), (128, 128), (256, 96))
        )
        self.heads = nn.ModuleDict(
            {
                name: Head(inputs + TRUNK_CHANNELS, outputs, upsamples=upsamples)
                for name, outputs in HEADS.items()
            }
        )
        self.upsamples = upsamples
        self.fused = False

    def forward(self, trunk: Tensor) -> Estimate:
        """Estimate motion from the level's input. # (B, inputs, h, w)."""
        for layer in self.trunk:
            trunk = torch.cat([trunk, layer(trunk)], 1)
        weights = self._weights()
        shared = F.conv2d(trunk, weights.shared, weights.bias, padding=1)
        first, second, last = shared.tensor_split((192, 288), 1)
        first = F.leaky_relu(first, SLOPE)
        own = F.conv2d(first, weights.second, padding=1, groups=len(HEADS))
        second = F.leaky_relu(second + own, SLOPE)
        pairs = zip(first.chunk(len(HEADS), 1), second.chunk(len(HEADS), 1), strict=True)
        features = torch.cat([layer for pair in pairs for layer in pair], 1)
        last = last + F.conv2d(features, weights.last, padding=1)
        motion = last[:, :MOTION_CHANNELS]
        if not self.upsamples:
            return Estimate(trunk, features, motion, None)
        up_features = F.pixel_shuffle(last[:, MOTION_CHANNELS:], 2)
        upsampled = torch.cat([*self._upsample(motion), up_features], 1)
        return Estimate(trunk, features, motion, upsampled)

    def _upsample(self, motion: Tensor) -> list[Tensor]:
        predictions = motion.tensor_split((1, 2), 1)
        pairs = zip(self._heads(), predictions, strict=True)
        return [head.upsample_motion(prediction) for head, prediction in pairs]

    def _heads(self) -> list[Head]:
        return [head for head in self.heads.values() if isinstance(head, Head)]

    @torch.no_grad()
    def fuse(self) -> None:
        """Put the heads' weights together once; later changes of them have no effect."""
        for name, tensor in merge(self._heads())._asdict().items():
            self.register_buffer(f"merged_{name}", tensor, persistent=False)
        self.fused = True

    def _weights(self) -> MergedHeads:
        if not self.fused:
            return merge(self._heads())
        return MergedHeads(*(self.get_buffer(f"merged_{name}") for name in MergedHeads._fields))


def fuse_heads(network: nn.Module) -> None:
    """Put the heads' weights of every level together, in place, for inference.

    The outputs stay the same. Saves 1 to 3 % of a forward pass on a CPU and a fifth of the
    exported decoder. Afterwards the heads cannot be trained, and weights that are loaded into
    them have no effect.
    """
    for module in network.modules():
        if isinstance(module, Estimator):
            module.fuse()


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
