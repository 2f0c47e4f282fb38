"""DWARF's heads of a level, whose share of the trunk is computed at once.

Published, every head convolves a concatenation of the trunk with its own features four times
over. What these layers make of the trunk is linear and needs nothing of the heads, so all of it
is one convolution with the layers' weights put together; the rest reads a head's own features
alone. The parameters stay those of the published layers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scene_perception.models.dwarf_encoder import SLOPE

_FIRST, _SECOND = 64, 32
HEAD_CHANNELS = _FIRST + _SECOND  # what a head adds to the trunk
# Heads in the order of the motion channels that they predict: d, c, u, v.
HEADS = {"disparity": 1, "next_disparity": 1, "flow": 2}


class Head(nn.Module):
    """The parameters of one head, run together with others by ``Heads``.

    Args:
        trunk: channels that it reads.
        outputs: channels that it predicts.
        upsamples: whether there is a next level.
    """

    def __init__(self, trunk: int, outputs: int, *, upsamples: bool) -> None:
        super().__init__()
        self.first = nn.Conv2d(trunk, _FIRST, 3, padding=1)
        self.second = nn.Conv2d(trunk + _FIRST, _SECOND, 3, padding=1)
        self.prediction = nn.Conv2d(trunk + HEAD_CHANNELS, outputs, 3, padding=1)
        self.upsamples = upsamples
        if upsamples:
            self.upsample_motion = nn.ConvTranspose2d(outputs, outputs, 4, 2, 1)
            self.upsample_features = nn.ConvTranspose2d(trunk + HEAD_CHANNELS, outputs, 4, 2, 1)


class MergedHeads(NamedTuple):
    """Weights of N heads' layers put together; T channels of the trunk, M of the motion.

    Attributes:
        shared: [first layers | second layers | predictions | upsampled features], their
            trunk's share. # (64 N + 32 N + M + 4 M, T, 3, 3)
        bias: of these layers. # (64 N + 32 N + M + 4 M,)
        second: the second layers' share of the first, a group per head. # (32 N, 64, 3, 3)
        last: the predictions' and upsampled features' share of both layers, zero where a head
            would read another one's. # (M + 4 M, 96 N, 3, 3)
    """

    shared: Tensor
    bias: Tensor
    second: Tensor
    last: Tensor


class HeadOutputs(NamedTuple):
    """What N heads say.

    Attributes:
        features: what the heads add to the trunk, one after the other. # (B, 96 N, h, w)
        motion: their predictions, full-resolution px / 20, published signs. # (B, M, h, w)
        upsampled: motion, then features in as many channels, for the next level; None at the
            last one. # (B, 2 M, 2h, 2w)
    """

    features: Tensor
    motion: Tensor
    upsampled: Tensor | None


class Heads(nn.ModuleDict):
    """Heads by name that read the same trunk.

    Args:
        trunk: channels that they read.
        outputs: channels that each predicts, by name.
        upsamples: whether there is a next level.
    """

    def __init__(self, trunk: int, outputs: Mapping[str, int], *, upsamples: bool) -> None:
        super().__init__(
            {name: Head(trunk, count, upsamples=upsamples) for name, count in outputs.items()}
        )
        self.outputs = tuple(outputs.values())
        self.upsamples = upsamples
        self.fused = False

    def forward(self, trunk: Tensor) -> HeadOutputs:
        """Predict from a level's trunk. # (B, T, h, w)."""
        count, weights = len(self.outputs), self._weights()
        shared = F.conv2d(trunk, weights.shared, weights.bias, padding=1)
        first, second, last = shared.tensor_split((_FIRST * count, HEAD_CHANNELS * count), 1)
        first = F.leaky_relu(first, SLOPE)
        own = F.conv2d(first, weights.second, padding=1, groups=count)
        second = F.leaky_relu(second + own, SLOPE)
        pairs = zip(first.chunk(count, 1), second.chunk(count, 1), strict=True)
        features = torch.cat([layer for pair in pairs for layer in pair], 1)
        last = last + F.conv2d(features, weights.last, padding=1)
        motion = last[:, : sum(self.outputs)]
        if not self.upsamples:
            return HeadOutputs(features, motion, None)
        up_features = F.pixel_shuffle(last[:, sum(self.outputs) :], 2)
        upsampled = torch.cat([*self._upsample(motion), up_features], 1)
        return HeadOutputs(features, motion, upsampled)

    def _upsample(self, motion: Tensor) -> list[Tensor]:
        predictions = motion.tensor_split(tuple(accumulate(self.outputs))[:-1], 1)
        pairs = zip(self._heads(), predictions, strict=True)
        return [head.upsample_motion(prediction) for head, prediction in pairs]

    def _heads(self) -> list[Head]:
        return [head for head in self.values() if isinstance(head, Head)]

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
        if isinstance(module, Heads):
            module.fuse()


def merge(heads: Sequence[Head]) -> MergedHeads:
    """Put the weights of a level's heads together."""
    trunk = heads[0].first.in_channels
    first = [_parameters(head.first) for head in heads]
    second = [_parameters(head.second) for head in heads]
    last = [_parameters(head.prediction) for head in heads]
    if heads[0].upsamples:
        last += [as_convolution(head.upsample_features) for head in heads]
    layers = [*first, *second, *last]
    return MergedHeads(
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
