"""CameraNet: ego-motion and intrinsics from three images (``networks/network_components.py``)."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scene_perception.geometry.se3 import pose_matrix
from scene_perception.models.dsnet import PyramidEncoder
from scene_perception.models.layers import ReflectConv, check_image_size

_POSE_SCALE = 0.01
_FEATURE_STRIDE = 16


class CameraFeatures(NamedTuple):
    """One frame's features. # (B, 128, H/16, W/16)."""

    camera_features: Tensor


class CameraOutputs(NamedTuple):
    """Poses (B, 6) of the current frame's points in the two others, and K (B, 3, 3) in pixels.

    A pose is ``tx ty tz rx ry rz``, translation in units of the network's depth, angles in
    radians; ``next_from_current`` is ``pose_next`` as a transform (B, 4, 4).
    """

    pose_previous: Tensor
    pose_next: Tensor
    next_from_current: Tensor
    intrinsics: Tensor


class CameraEncoder(nn.Module):
    """Encodes one frame; the published encoder's fifth level is read by nobody and left out."""

    def __init__(self) -> None:
        super().__init__()
        self.pyramid = PyramidEncoder(4)

    def forward(self, image: Tensor) -> CameraFeatures:
        """Encode RGB images in 0..1, H and W multiples of 64, at least 128. # (B, 3, H, W).

        Raises:
            ValueError: for another image size.
        """
        check_image_size(*image.shape[2:], multiple=64, minimum=128)
        return CameraFeatures(self.pyramid(image)[-1])


class CameraDecoder(nn.Module):
    """Decodes three frames' features."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            ReflectConv(3 * 128, 128),
            ReflectConv(128, 128, stride=2),
            ReflectConv(128, 256),
            ReflectConv(256, 256, stride=2),
        )
        self.pose = ReflectConv(256, 12, kernel=1, norm=False)
        self.focal_lengths = nn.Conv2d(256, 2, 1)
        self.offsets = nn.Conv2d(256, 2, 1, bias=False)

    def forward(
        self,
        camera_features_previous: Tensor,
        camera_features_current: Tensor,
        camera_features_next: Tensor,
    ) -> CameraOutputs:
        """Return poses and intrinsics from the features of three frames."""
        height, width = camera_features_current.shape[2:]
        features = self.bottleneck(
            camera_features_previous, camera_features_current, camera_features_next
        )
        previous, following = self.poses(self.pose(features))
        intrinsics = self.intrinsics(features, height * _FEATURE_STRIDE, width * _FEATURE_STRIDE)
        return CameraOutputs(previous, following, pose_matrix(following), intrinsics)

    def bottleneck(self, previous: Tensor, current: Tensor, following: Tensor) -> Tensor:
        """Return the joint features of three frames. # (B, 256, H/64, W/64)."""
        features: Tensor = self.trunk(torch.cat([previous, current, following], 1))
        return features

    def poses(self, pose_map: Tensor) -> tuple[Tensor, Tensor]:
        """Average the pose head's map ``(B, 12, h, w)`` into two poses. # (B, 6) each."""
        poses = _POSE_SCALE * pose_map.mean((2, 3))
        return poses[:, :6], poses[:, 6:]

    def intrinsics(self, features: Tensor, height: int, width: int) -> Tensor:
        """Return K in pixels of ``height x width`` images, without skew. # (B, 3, 3)."""
        mean = features.mean((2, 3), keepdim=True)
        focal = F.softplus(self.focal_lengths(mean))[..., 0, 0]
        centre = self.offsets(mean)[..., 0, 0] + 0.5
        fx, fy = focal[:, 0] * width, focal[:, 1] * height
        cx, cy = centre[:, 0] * width, centre[:, 1] * height
        zero, one = torch.zeros_like(fx), torch.ones_like(fx)
        return torch.stack([fx, zero, cx, zero, fy, cy, zero, zero, one], 1).view(-1, 3, 3)


class CameraNet(nn.Module):
    """Ego-motion between three frames and their common intrinsics."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = CameraEncoder()
        self.decoder = CameraDecoder()

    def forward(self, previous: Tensor, current: Tensor, following: Tensor) -> CameraOutputs:
        """Return poses and intrinsics from three RGB images in 0..1. # (B, 3, H, W) each."""
        features = [self.encoder(image)[0] for image in (previous, current, following)]
        outputs: CameraOutputs = self.decoder(*features)
        return outputs
