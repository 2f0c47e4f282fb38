"""DSNet: inverse depth and semantics from one image (``networks/network_components.py``)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from scene_perception.geometry.disparity import normalize_inverse_depth
from scene_perception.models.layers import (
    ReflectConv,
    check_image_size,
    resize_bilinear,
    resize_nearest,
)

CLASSES = 19
_LEVEL_CHANNELS = (16, 32, 64, 128, 256)
_FEATURES = 16
_DISPARITY_SCALE = 10.0
_DISPARITY_MINIMUM = 0.01


class DSNetOutputs(NamedTuple):
    """Inverse depth of mean about 1 (B, 1, H, W) and uint8 train ids (B, H, W)."""

    inverse_depth: Tensor
    labels: Tensor


class Labels(NamedTuple):
    """Train ids, uint8. # (B, H, W)."""

    labels: Tensor


class DSNetPrediction(NamedTuple):
    """What the decoder predicts: accumulated inverse depth at 1/2, 1/4 ... 1/32, logits at 1/2."""

    inverse_depths: tuple[Tensor, ...]
    logits: Tensor


class PyramidEncoder(nn.Module):
    """Feature pyramid of DSNet and CameraNet: level n at 1/2^n, two convolutions each."""

    def __init__(self, levels: int) -> None:
        super().__init__()
        channels = (3, *_LEVEL_CHANNELS[:levels])
        self.levels = nn.ModuleList(
            nn.Sequential(ReflectConv(inputs, outputs, stride=2), ReflectConv(outputs, outputs))
            for inputs, outputs in pairwise(channels)
        )

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        """Return levels 1 to n of RGB images in 0..1. # (B, 3, H, W)."""
        pyramid = []
        for level in self.levels:
            image = level(image)
            pyramid.append(image)
        return tuple(pyramid)


class DSNetScale(NamedTuple):
    """One scale's inverse depth, and its features at the size of the next finer scale."""

    inverse_depth: Tensor
    features: Tensor


class DSNetLevel(nn.Module):
    """One scale of the decoder: estimator, disparity head and upsampler of its features.

    Args:
        upsample: False for the finest scale, whose features go to the semantic head as they are.
    """

    def __init__(self, inputs: int, *, upsample: bool) -> None:
        super().__init__()
        self.estimator = _stack(inputs, 64, 48, 32, _FEATURES)
        self.disparity = nn.Sequential(
            *_stack(_FEATURES, 64, 32, 16), ReflectConv(16, 1, norm=False)
        )
        self.upsampler = ReflectConv(_FEATURES, _FEATURES) if upsample else None

    def forward(self, skip: Tensor, coarser: DSNetScale | None) -> DSNetScale:
        """Decode the encoder's features ``skip`` and the next coarser scale.

        Inverse depth is the sum of every scale's share down to this one.
        """
        features = self.estimate(skip, coarser.features if coarser is not None else None)
        inverse_depth = _DISPARITY_SCALE * torch.sigmoid(self.disparity(features))
        inverse_depth = inverse_depth + _DISPARITY_MINIMUM
        if coarser is not None:
            finer = resize_bilinear(coarser.inverse_depth, *skip.shape[2:])
            inverse_depth = inverse_depth + finer
        return DSNetScale(inverse_depth, self.upsampled(features))

    def estimate(self, skip: Tensor, coarser: Tensor | None) -> Tensor:
        """Return this scale's features from ``skip`` and the coarser scale's, upsampled."""
        if coarser is not None:
            skip = torch.cat([skip, coarser], 1)
        features: Tensor = self.estimator(skip)
        return features

    def upsampled(self, features: Tensor) -> Tensor:
        """Return ``features`` at the size of the next finer scale, where there is one."""
        if self.upsampler is None:
            return features
        height, width = features.shape[2:]
        finer: Tensor = self.upsampler(resize_nearest(features, 2 * height, 2 * width))
        return finer


class DSNet(nn.Module):
    """Depth and semantics of one image, 192x640 px in the published training."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = PyramidEncoder(len(_LEVEL_CHANNELS))
        # Coarsest first: level 5 at 1/32 down to level 1 at 1/2.
        self.levels = nn.ModuleDict(
            {
                f"level_{n}": DSNetLevel(
                    _LEVEL_CHANNELS[n - 1] + (_FEATURES if n < 5 else 0), upsample=n > 1
                )
                for n in (5, 4, 3, 2, 1)
            }
        )
        self.semantic = _stack(_FEATURES, 64, 32, 16, CLASSES)

    def forward(self, image: Tensor) -> DSNetOutputs:
        """Return depth and semantics at the image's size.

        Args:
            image: RGB in 0..1, H and W multiples of 32, at least 64. # (B, 3, H, W)

        Raises:
            ValueError: for another image size.
        """
        return self.finish(self.decode(self.encode(image)))

    def encode(self, image: Tensor) -> tuple[Tensor, ...]:
        """Return the feature pyramid, levels 1 to 5. # (B, 16 ... 256, H/2^n, W/2^n)."""
        check_image_size(*image.shape[2:], multiple=32, minimum=64)
        pyramid: tuple[Tensor, ...] = self.encoder(image)
        return pyramid

    def decode(self, pyramid: Sequence[Tensor]) -> DSNetPrediction:
        """Return the raw predictions for ``pyramid``."""
        scales: list[DSNetScale] = []
        for skip, level in zip(reversed(pyramid), self.levels.values(), strict=True):
            scales.append(level(skip, scales[-1] if scales else None))
        inverse_depths = tuple(scale.inverse_depth for scale in reversed(scales))
        return DSNetPrediction(inverse_depths, self.semantic(scales[-1].features))

    def finish(self, prediction: DSNetPrediction) -> DSNetOutputs:
        """Return the outputs at full size, twice that of the finest prediction."""
        finest = prediction.inverse_depths[0]
        height, width = 2 * finest.shape[2], 2 * finest.shape[3]
        inverse_depth = resize_bilinear(normalize_inverse_depth(finest), height, width)
        return DSNetOutputs(inverse_depth, labels_from_logits(prediction.logits, height, width))


class Labeller(nn.Module):
    """DSNet's semantics without its depth, which is a quarter of its arithmetic.

    Args:
        dsnet: whose weights it shares.
    """

    def __init__(self, dsnet: DSNet) -> None:
        super().__init__()
        self.dsnet = dsnet

    def forward(self, image: Tensor) -> Labels:
        """Return labels at the image's size, equal to DSNet's.

        Args:
            image: RGB in 0..1, H and W multiples of 32, at least 64. # (B, 3, H, W)

        Raises:
            ValueError: for another image size.
        """
        features = None
        pyramid = self.dsnet.encode(image)
        for skip, level in zip(reversed(pyramid), self.dsnet.levels.values(), strict=True):
            scale = cast("DSNetLevel", level)
            features = scale.upsampled(scale.estimate(skip, features))
        return Labels(labels_from_logits(self.dsnet.semantic(features), *image.shape[2:]))


def labels_from_logits(logits: Tensor, height: int, width: int) -> Tensor:
    """Resize logits ``(B, C, H, W)``, then take the best class, the first one of equals.

    Returns:
        Class index, uint8. # (B, height, width)
    """
    # Measured: ``max`` takes a third of ``argmax``'s time, and channels-last logits twice as long.
    resized = resize_bilinear(logits.contiguous(), height, width)
    return resized.max(1).indices.to(torch.uint8)


def _stack(*channels: int) -> nn.Sequential:
    pairs = pairwise(channels)
    return nn.Sequential(*(ReflectConv(inputs, outputs) for inputs, outputs in pairs))
