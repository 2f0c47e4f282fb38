"""The decoder of Monodepth2 (Godard et al., ICCV 2019), which SGDepth and Insta-DM share.

Five levels, each of two steps: the first convolves, the second doubles the size, concatenates
the encoder's feature of that size (the last level has none) and convolves. Single steps can be
left to another decoder, as SGDepth does: its two tasks share the first ones.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scene_perception.models.layers import (
    ReflectConv,
    convolve_doubled,
    doubling_kernel,
    resize_nearest,
)
from scene_perception.models.resnet import FEATURE_CHANNELS

LEVEL_CHANNELS = (256, 128, 64, 32, 16)
STEPS = range(2 * len(LEVEL_CHANNELS))
SCALES = 4


class DecoderStep(nn.Module):
    """Reflection padding, 3x3 convolution and ELU."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = ReflectConv(inputs, outputs, norm=False)

    def forward(self, features: Tensor) -> Tensor:
        """Convolve ``(B, inputs, H, W)``."""
        return F.elu(self.conv(features))


class DoublingStep(DecoderStep):
    """A step on doubled features and the skip connection.

    Args:
        doubled: channels of the features.
        skip: channels of the skip connection, 0 for none.
        outputs: channels.
    """

    def __init__(self, doubled: int, skip: int, outputs: int) -> None:
        super().__init__(doubled + skip, outputs)
        self.doubled = doubled
        self.fused = False

    def forward(self, features: Tensor, skip: Tensor | None = None) -> Tensor:
        """Convolve ``(B, doubled, H, W)``, doubled, with ``(B, skip, 2H, 2W)``."""
        if self.fused:
            return F.elu(self._fused(features, skip))
        height, width = features.shape[2:]
        doubled = resize_nearest(features, 2 * height, 2 * width)
        return super().forward(doubled if skip is None else torch.cat([doubled, skip], 1))

    @torch.no_grad()
    def fuse(self) -> None:
        """Convolve the features before they are doubled, from now on and with these weights."""
        weight = self.conv.conv.weight
        kernel = doubling_kernel(weight[:, : self.doubled])
        self.register_buffer("kernel", kernel, persistent=False)
        self.register_buffer("skip_kernel", weight[:, self.doubled :].clone(), persistent=False)
        self.fused = True

    def _fused(self, features: Tensor, skip: Tensor | None) -> Tensor:
        bias = self.conv.get_parameter("conv.bias")
        decoded = convolve_doubled(features, self.get_buffer("kernel"), bias)
        if skip is None:
            return decoded
        padded = F.pad(skip, (1, 1, 1, 1), mode="reflect")
        return F.conv2d(padded, self.get_buffer("skip_kernel")) + decoded


def fuse_doubling(network: nn.Module) -> None:
    """Let every decoder step of ``network`` convolve before it doubles, in place, for inference.

    The outputs stay the same up to rounding. A tenth less time for SGDepth in OpenVINO; eager
    PyTorch, which is slow at 2x2 kernels, takes a tenth more. What is fused cannot be trained,
    and weights that are loaded into it have no effect.
    """
    for module in network.modules():
        if isinstance(module, DoublingStep):
            module.fuse()


class ResidualDecoder(nn.Module):
    """Some or all of the ten steps.

    Args:
        steps: which, consecutive ones of 0..9.
    """

    def __init__(self, steps: range = STEPS) -> None:
        super().__init__()
        self.numbers = steps
        self.steps = nn.ModuleDict({f"step_{n}": _step(n) for n in steps})

    def forward(self, levels: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Replace features by decoded levels, as far as this decoder's steps go.

        Args:
            levels: coarsest first, the encoder's five features or what the decoder with the
                steps before these returned.

        Returns:
            ``levels`` with the decoded ones in place: after step 9 these are at 1/16, 1/8 ... 1/1
            of the image's size. # (B, 256 ... 16, H/16 ... H, W/16 ... W)
        """
        decoded = list(levels)
        for number, step in zip(self.numbers, self.steps.values(), strict=True):
            level, doubles = divmod(number, 2)
            if doubles:
                decoded[level] = step(*decoded[level : level + 2])
            else:
                decoded[level] = step(decoded[max(level - 1, 0)])
        return tuple(decoded)


class ScaleHeads(nn.ModuleList):
    """A prediction of one channel at each of the last four levels, finest first."""

    def __init__(self) -> None:
        finest_first = LEVEL_CHANNELS[: -SCALES - 1 : -1]
        super().__init__(ReflectConv(channels, 1, norm=False) for channels in finest_first)

    def forward(self, levels: Sequence[Tensor], scales: int = SCALES) -> tuple[Tensor, ...]:
        """Return the predictions of the finest ``scales``, before any activation.

        Args:
            levels: all that the decoder returned, coarsest first.
            scales: how many, at least 1.
        """
        return tuple(self[n](levels[-1 - n]) for n in range(scales))


def _step(number: int) -> DecoderStep:
    level, doubles = divmod(number, 2)
    outputs = LEVEL_CHANNELS[level]
    if doubles:
        skips = FEATURE_CHANNELS[::-1][level + 1 : level + 2]
        return DoublingStep(outputs, sum(skips), outputs)
    return DecoderStep(LEVEL_CHANNELS[level - 1] if level else FEATURE_CHANNELS[-1], outputs)
