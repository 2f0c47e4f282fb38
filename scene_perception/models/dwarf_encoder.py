"""DWARF's feature pyramid, the same network for left and right images."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from torch import Tensor, nn

from scene_perception.models.layers import SameConv, check_image_size

LEVELS = (2, 3, 4, 5, 6)
STEREO_CHANNELS = {2: 32, 3: 64, 4: 96, 5: 128, 6: 196}
SLOPE = 0.1


class StereoFeatures(NamedTuple):
    """Features at 1/4, 1/8 ... 1/64 of the images' size. # (2B, 32 ... 196, H/2^n, W/2^n)."""

    features_2: Tensor
    features_3: Tensor
    features_4: Tensor
    features_5: Tensor
    features_6: Tensor


class StereoEncoder(nn.Module):
    """Feature pyramids of stereo pairs; level 1 is not kept, as nobody reads it."""

    def __init__(self) -> None:
        super().__init__()
        channels = (3, 16, *STEREO_CHANNELS.values())
        self.levels = nn.ModuleList(
            nn.Sequential(
                SameConv(inputs, outputs, stride=2, slope=SLOPE),
                SameConv(outputs, outputs, slope=SLOPE),
                SameConv(outputs, outputs, slope=SLOPE),
            )
            for inputs, outputs in pairwise(channels)
        )

    def forward(self, images: Tensor) -> StereoFeatures:
        """Encode B left images followed by their B right ones. # (2B, 3, H, W).

        RGB in 0..1, H and W multiples of 64.

        Raises:
            ValueError: for another image size.
        """
        check_image_size(*images.shape[2:], multiple=64, minimum=64)
        pyramid = []
        for level in self.levels:
            images = level(images)
            pyramid.append(images)
        return StereoFeatures(*pyramid[1:])
