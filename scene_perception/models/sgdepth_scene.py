"""SGDepth's depth and semantics: one encoder, and a decoder whose first steps both share.

Klingner et al., ECCV 2020; ``models/sgdepth.py`` of the published code.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from scene_perception.cityscapes import CLASSES
from scene_perception.frame import UNKNOWN_LABEL
from scene_perception.models.dsnet import labels_from_logits
from scene_perception.models.layers import ReflectConv, check_image_size
from scene_perception.models.residual_decoder import (
    LEVEL_CHANNELS,
    SCALES,
    STEPS,
    ResidualDecoder,
    ScaleHeads,
)
from scene_perception.models.resnet import STRIDE, Normalization, ResNetEncoder

VOID = len(CLASSES)  # the class after the 19 of Cityscapes: nothing to be told apart
LOGITS = VOID + 1
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of images, ImageNet's
_MIN_DEPTH, _MAX_DEPTH = 0.1, 100.0


class SGDepthOutputs(NamedTuple):
    """Inverse depth in 0.01..10 (B, 1, H, W); uint8 train ids, 255 for void (B, H, W)."""

    inverse_depth: Tensor
    labels: Tensor


class SGDepthPrediction(NamedTuple):
    """What the heads predict.

    Attributes:
        disparities: in 0..1, finest first. # (B, 1, H, W) ... (B, 1, H/8, W/8)
        logits: of 19 classes and void. # (B, 20, H, W)
    """

    disparities: tuple[Tensor, ...]
    logits: Tensor


class DepthHead(nn.Module):
    """The depth task's own decoder steps, and a prediction at each of the last four levels."""

    def __init__(self, steps: range) -> None:
        super().__init__()
        self.decoder = ResidualDecoder(steps)
        self.predictions = ScaleHeads()
        for prediction in self.predictions:
            # As published: training starts with small depths, large ones make it unstable.
            nn.init.constant_(prediction.get_parameter("conv.bias"), 5.0)

    def forward(self, levels: Sequence[Tensor], scales: int = SCALES) -> tuple[Tensor, ...]:
        """Return disparities in 0..1 of the finest ``scales``, finest first."""
        predictions = self.predictions(self.decoder(levels), scales)
        return tuple(torch.sigmoid(prediction) for prediction in predictions)


class SegmentationHead(nn.Module):
    """The segmentation task's own decoder steps, and its prediction at full size."""

    def __init__(self, steps: range) -> None:
        super().__init__()
        self.decoder = ResidualDecoder(steps)
        self.prediction = ReflectConv(LEVEL_CHANNELS[-1], LOGITS, norm=False)

    def forward(self, levels: Sequence[Tensor]) -> Tensor:
        """Return logits. # (B, 20, H, W)."""
        logits: Tensor = self.prediction(self.decoder(levels)[-1])
        return logits


class SceneNet(nn.Module):
    """Depth and semantics of one image.

    Args:
        split: as of ``shared_steps``.

    Raises:
        ValueError: for another split position.
    """

    def __init__(self, split: int = 1) -> None:
        super().__init__()
        shared = shared_steps(split)
        self.normalization = Normalization(MEAN, DEVIATION)
        self.encoder = ResNetEncoder()
        self.shared = ResidualDecoder(STEPS[:shared])
        self.depth = DepthHead(STEPS[shared:])
        self.segmentation = SegmentationHead(STEPS[shared:])

    def forward(self, image: Tensor) -> SGDepthOutputs:
        """Return depth and semantics at the image's size.

        Args:
            image: RGB in 0..1, H and W multiples of 32, at least 64. # (B, 3, H, W)

        Raises:
            ValueError: for another image size.
        """
        levels = self.encode(image)
        (disparity,) = self.depth(levels, scales=1)
        return SGDepthOutputs(
            inverse_depth_from_sigmoid(disparity), train_ids(self.segmentation(levels))
        )

    def encode(self, image: Tensor) -> tuple[Tensor, ...]:
        """Return what both tasks start from, coarsest first.

        Raises:
            ValueError: for another image size.
        """
        check_image_size(image.shape[2], image.shape[3], multiple=STRIDE, minimum=2 * STRIDE)
        features = self.encoder(self.normalization(image))
        levels: tuple[Tensor, ...] = self.shared(features[::-1])
        return levels

    def predict(self, image: Tensor) -> SGDepthPrediction:
        """Return the raw predictions of all heads for RGB in 0..1. # (B, 3, H, W)."""
        levels = self.encode(image)
        return SGDepthPrediction(self.depth(levels), self.segmentation(levels))


def shared_steps(split: int) -> int:
    """Return how many decoder steps depth and semantics share, for a published split position.

    Raises:
        ValueError: for a position outside 0..5.
    """
    if split not in range(len(LEVEL_CHANNELS) + 1):
        raise ValueError(f"split must be one of 0..{len(LEVEL_CHANNELS)}, got {split}")
    return max(2 * split - 1, 0)


def inverse_depth_from_sigmoid(disparity: Tensor) -> Tensor:
    """Map disparity in 0..1 to inverse depth in 1/100..1/0.1, linearly."""
    return 1 / _MAX_DEPTH + (1 / _MIN_DEPTH - 1 / _MAX_DEPTH) * disparity


def train_ids(logits: Tensor) -> Tensor:
    """Return the best class as uint8, 255 for void. # (B, 20, H, W) -> (B, H, W)."""
    labels = labels_from_logits(logits, *logits.shape[2:])
    return labels.masked_fill(labels == VOID, UNKNOWN_LABEL)
