"""The pose network of Monodepth2, which SGDepth and Insta-DM share: motion between two images."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scene_perception.models.layers import check_image_size
from scene_perception.models.resnet import FEATURE_CHANNELS, STRIDE, ResNetEncoder

_CHANNELS = 256


class PoseNet(nn.Module):
    """A vector about what moved from the first image to the second.

    Args:
        outputs: the vector's length.
        scale: multiplies the vector.
    """

    def __init__(self, outputs: int, *, scale: float = 1.0) -> None:
        super().__init__()
        self.scale = scale
        self.encoder = ResNetEncoder(images=2)
        self.squeeze = nn.Conv2d(FEATURE_CHANNELS[-1], _CHANNELS, 1)
        self.conv1 = nn.Conv2d(_CHANNELS, _CHANNELS, 3, 1, 1)
        self.conv2 = nn.Conv2d(_CHANNELS, _CHANNELS, 3, 1, 1)
        self.prediction = nn.Conv2d(_CHANNELS, outputs, 1)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Return a vector for each pair of images. # (B, outputs).

        Args:
            first: normalised, H and W multiples of 32, at least 64. # (B, 3, H, W)
            second: of the same shape.

        Raises:
            ValueError: for another image size.
        """
        return self.decode(self.encode(first, second)[-1])

    def encode(self, first: Tensor, second: Tensor) -> tuple[Tensor, ...]:
        """Return the encoder's features of both images together, finest first.

        Raises:
            ValueError: for another image size, or images that differ in shape.
        """
        check_image_size(first.shape[2], first.shape[3], multiple=STRIDE, minimum=2 * STRIDE)
        if first.shape != second.shape:
            raise ValueError(
                f"both images must have one shape, got {tuple(first.shape)} and "
                f"{tuple(second.shape)}"
            )
        features: tuple[Tensor, ...] = self.encoder(torch.cat([first, second], 1))
        return features

    def decode(self, features: Tensor) -> Tensor:
        """Return the vector of the coarsest features. # (B, 512, H/32, W/32) -> (B, outputs)."""
        features = F.relu(self.squeeze(features))
        features = F.relu(self.conv1(features))
        features = F.relu(self.conv2(features))
        vector: Tensor = self.scale * self.prediction(features).mean((2, 3))
        return vector
