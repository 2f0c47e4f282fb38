"""ResNet-18 (He et al., CVPR 2016) as SGDepth and Insta-DM use it: five features, no classifier.

Layers have torchvision's names, so that weights trained on ImageNet fit.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

FEATURE_CHANNELS = (64, 64, 128, 256, 512)
STRIDE = 32


class Normalization(nn.Module):
    """Takes RGB images to the range that a network was trained with.

    Args:
        mean: subtracted from each colour.
        deviation: divides each colour after that.
    """

    def __init__(self, mean: Sequence[float], deviation: Sequence[float]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean).view(3, 1, 1), persistent=False)
        self.register_buffer("deviation", torch.tensor(deviation).view(3, 1, 1), persistent=False)

    mean: Tensor
    deviation: Tensor

    def forward(self, image: Tensor) -> Tensor:
        """Normalise RGB in 0..1. # (B, 3, H, W)."""
        return (image - self.mean) / self.deviation


class BasicBlock(nn.Module):
    """Two 3x3 convolutions beside a shortcut, which is a 1x1 convolution where the size changes."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = (
            nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )
            if stride > 1 or inputs != outputs
            else None
        )

    def forward(self, features: Tensor) -> Tensor:
        """Return features of 1/stride the size. # (B, inputs, H, W)."""
        shortcut = features if self.downsample is None else self.downsample(features)
        features = F.relu(self.bn1(self.conv1(features)), inplace=True)
        return F.relu(self.bn2(self.conv2(features)) + shortcut, inplace=True)


class ResNetEncoder(nn.Module):
    """Features of one image, or of several in a row, at 1/2, 1/4, 1/8, 1/16 and 1/32.

    Args:
        images: how many, concatenated over their colours.
    """

    def __init__(self, images: int = 1) -> None:
        super().__init__()
        stem, *channels = FEATURE_CHANNELS
        self.conv1 = nn.Conv2d(3 * images, stem, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(stem)
        self.layer1 = _layer(stem, channels[0], stride=1)
        self.layer2 = _layer(channels[0], channels[1], stride=2)
        self.layer3 = _layer(channels[1], channels[2], stride=2)
        self.layer4 = _layer(channels[2], channels[3], stride=2)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Encode normalised images. # (B, 3 images, H, W), H and W multiples of 32.

        Returns:
            The features, finest first. # (B, 64 ... 512, H/2 ... H/32, W/2 ... W/32)
        """
        features = [F.relu(self.bn1(self.conv1(images)))]
        features.append(self.layer1(F.max_pool2d(features[0], 3, 2, 1)))
        for layer in (self.layer2, self.layer3, self.layer4):
            features.append(layer(features[-1]))
        return tuple(features)


def _layer(inputs: int, outputs: int, *, stride: int) -> nn.Sequential:
    return nn.Sequential(BasicBlock(inputs, outputs, stride), BasicBlock(outputs, outputs))
