"""What DWARF's levels are made of: cost volume, trunk with three heads, context network.

Published, every head convolves a concatenation of the trunk with its own features four times
over. What these layers make of the trunk is linear and needs nothing of the heads, so all of it
is one convolution with the layers' weights put together; the rest reads a head's own features
alone. The parameters stay those of the published layers: putting them together takes 1 % of a
forward pass.

The three context networks share what they read, the trunk, which is computed once. Their
first layers multiply it by different weights, so they share no arithmetic, and running the
three in one convolution was no faster; each can run without the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scene_perception.models.correlation import mean_correlation
from scene_perception.models.dwarf_encoder import SLOPE
from scene_perception.models.layers import SameConv

COST_CHANNELS = 9 + 9 + 81 + 81
TRUNK_CHANNELS = 128 + 128 + 96  # what the trunk adds to its input
HEAD_CHANNELS = 64 + 32  # what a head adds to the trunk
# Heads in the order of the motion channels that they predict: d, c, u, v.
HEADS = {"disparity": 1, "next_disparity": 1, "flow": 2}
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


class Head(nn.Module):
    """The parameters of one head, run together with the other heads' by ``Estimator``.

    Args:
        trunk: channels that it reads.
        outputs: channels that it predicts.
        upsamples: whether there is a next level.
    """

    def __init__(self, trunk: int, outputs: int, *, upsamples: bool) -> None:
        super().__init__()
        self.first = nn.Conv2d(trunk, 64, 3, padding=1)
        self.second = nn.Conv2d(trunk + 64, 32, 3, padding=1)
        self.prediction = nn.Conv2d(trunk + HEAD_CHANNELS, outputs, 3, padding=1)
        if upsamples:
            self.upsample_motion = nn.ConvTranspose2d(outputs, outputs, 4, 2, 1)
            self.upsample_features = nn.ConvTranspose2d(trunk + HEAD_CHANNELS, outputs, 4, 2, 1)


class _Merged(NamedTuple):
    """Weights of all heads' layers put together; T channels of the trunk.

    Attributes:
        shared: [first layers | second layers | predictions | upsampled features], their
            trunk's share. # (192 + 96 + 4 + 16, T, 3, 3)
        bias: of these layers. # (192 + 96 + 4 + 16,)
        second: the second layers' share of the first, a group per head. # (96, 64, 3, 3)
        last: the predictions' and upsampled features' share of both layers, zero where a head
            would read another one's. # (4 + 16, 288, 3, 3)
    """

    shared: Tensor
    bias: Tensor
    second: Tensor
    last: Tensor


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

    def forward(self, trunk: Tensor) -> Estimate:
        """Estimate motion from the level's input. # (B, inputs, h, w)."""
        for layer in self.trunk:
            trunk = torch.cat([trunk, layer(trunk)], 1)
        weights = self._merged()
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

    def _merged(self) -> _Merged:
        heads = self._heads()
        trunk = heads[0].first.in_channels
        first = [_parameters(head.first) for head in heads]
        second = [_parameters(head.second) for head in heads]
        last = [_parameters(head.prediction) for head in heads]
        if self.upsamples:
            last += [as_convolution(head.upsample_features) for head in heads]
        layers = [*first, *second, *last]
        return _Merged(
            shared=torch.cat([weight[:, :trunk] for weight, _ in layers]),
            bias=torch.cat([bias for _, bias in layers]),
            second=torch.cat([weight[:, trunk:] for weight, _ in second]),
            last=_block_diagonal([weight[:, trunk:] for weight, _ in last], len(heads)),
        )


def as_convolution(layer: nn.ConvTranspose2d) -> tuple[Tensor, Tensor]:
    """Return weight and bias of the 3x3 convolution that computes ``layer`` before a shuffle.

    A 4x4 transposed convolution of stride 2 gives each of four interleaved images from 2x2
    samples. Four output channels per channel of ``layer``, for ``F.pixel_shuffle(x, 2)``.
    """
    weight, bias = _parameters(layer)
    kernel = _phases(_phases(weight, 2), 4)  # (in, out, 2, 3, 2, 3)
    return kernel.permute(1, 2, 4, 0, 3, 5).flatten(0, 2), bias.repeat_interleave(4)


def _phases(kernel: Tensor, axis: int) -> Tensor:
    """Split an axis of 4 taps into (2, 3): what outputs 2i and 2i + 1 read of i - 1, i, i + 1."""
    tap = kernel.unbind(axis)
    none = torch.zeros_like(tap[0])
    even, odd = torch.stack([tap[3], tap[1], none], axis), torch.stack([none, tap[2], tap[0]], axis)
    return torch.stack([even, odd], axis)


def _parameters(layer: nn.Conv2d | nn.ConvTranspose2d) -> tuple[Tensor, Tensor]:
    if layer.bias is None:
        raise ValueError(f"every layer of a head must have a bias, {layer} has none")
    return layer.weight, layer.bias


def _block_diagonal(kernels: Sequence[Tensor], blocks: int) -> Tensor:
    """Let kernel n read the input block ``n % blocks`` alone. # (sum of O, blocks * I, 3, 3)."""
    padded = []
    for n, kernel in enumerate(kernels):
        inputs, block = kernel.shape[1], n % blocks
        padded.append(F.pad(kernel, (0, 0, 0, 0, block * inputs, (blocks - 1 - block) * inputs)))
    return torch.cat(padded)


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
