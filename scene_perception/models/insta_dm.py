"""Insta-DM: depth, ego-motion and motion of objects (Lee et al., AAAI 2021, ``models/``).

Three networks. Ego-motion sees the background alone: what may move is painted over in both
images. The motion of an object comes from the images of one instance.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scene_perception.cityscapes import DYNAMIC
from scene_perception.geometry.se3 import pose_matrix
from scene_perception.models.layers import check_image_size
from scene_perception.models.pose_net import PoseNet
from scene_perception.models.residual_decoder import SCALES, ResidualDecoder, ScaleHeads
from scene_perception.models.resnet import STRIDE, Normalization, ResNetEncoder

_POSE_SCALE = 0.01
_OBJECT_HEIGHT = 0.02  # initial prior, in units of the depth


class InstaDMOutputs(NamedTuple):
    """Inverse depth > 0, of arbitrary scale. # (B, 1, H, W)."""

    inverse_depth: Tensor


class InstaDMPoseOutputs(NamedTuple):
    """Transform of the current frame's points into the next frame. # (B, 4, 4)."""

    next_from_current: Tensor


class DispNet(nn.Module):
    """Inverse depth of one image, and the height that training supposes objects to have."""

    def __init__(self) -> None:
        super().__init__()
        self.object_height_prior = nn.Parameter(torch.tensor(_OBJECT_HEIGHT))
        self.normalization = _normalization()
        self.encoder = ResNetEncoder()
        self.decoder = ResidualDecoder()
        self.predictions = ScaleHeads()

    def forward(self, image: Tensor) -> InstaDMOutputs:
        """Return inverse depth at the image's size.

        Args:
            image: RGB in 0..1, H and W multiples of 32, at least 64. # (B, 3, H, W)

        Raises:
            ValueError: for another image size.
        """
        return InstaDMOutputs(*self.decode(self.encode(image), scales=1))

    def encode(self, image: Tensor) -> tuple[Tensor, ...]:
        """Return the encoder's features, finest first.

        Raises:
            ValueError: for another image size.
        """
        check_image_size(image.shape[2], image.shape[3], multiple=STRIDE, minimum=2 * STRIDE)
        features: tuple[Tensor, ...] = self.encoder(self.normalization(image))
        return features

    def decode(self, features: tuple[Tensor, ...], scales: int = SCALES) -> tuple[Tensor, ...]:
        """Return the inverse depths of the finest ``scales``, finest first.

        Published training and evaluation read the first alone.
        """
        predictions = self.predictions(self.decoder(features[::-1]), scales)
        return tuple(F.softplus(prediction) for prediction in predictions)


class EgoPoseNet(nn.Module):
    """The camera's motion between two frames, in units of the depth."""

    def __init__(self) -> None:
        super().__init__()
        self.normalization = _normalization()
        self.net = PoseNet(6, scale=_POSE_SCALE)

    def forward(
        self,
        image_current: Tensor,
        image_next: Tensor,
        labels_current: Tensor,
        labels_next: Tensor,
    ) -> InstaDMPoseOutputs:
        """Return the motion from the current to the next image.

        Args:
            image_current: RGB in 0..1, H and W multiples of 32, at least 64. # (B, 3, H, W)
            image_next: of the same shape.
            labels_current: uint8 train ids; only 11..18 tell, pixels of classes that can move.
                # (B, H, W)
            labels_next: of the next image.

        Raises:
            ValueError: for another image size, or images that differ in shape.
        """
        background = background_mask(labels_current) * background_mask(labels_next)
        vector = self.vector(image_current, image_next, background)
        return InstaDMPoseOutputs(pose_matrix(vector, clip=False))

    def vector(self, first: Tensor, second: Tensor, background: Tensor | None = None) -> Tensor:
        """Return ``tx ty tz rx ry rz``, angles in radians. # (B, 6).

        Args:
            first: RGB in 0..1. # (B, 3, H, W)
            second: of the same shape.
            background: 1 where both images show what cannot move, else 0; None is 1 everywhere.
                # (B, 1, H, W)
        """
        images = self.normalization(first), self.normalization(second)
        if background is not None:
            # After normalisation, as published: what is painted over is mid grey.
            images = images[0] * background, images[1] * background
        vector: Tensor = self.net(*images)
        return vector


class ObjectPoseNet(nn.Module):
    """The translation of instances that the camera's motion does not explain."""

    def __init__(self) -> None:
        super().__init__()
        self.normalization = _normalization()
        self.net = PoseNet(3, scale=_POSE_SCALE)

    def forward(self, first: Tensor, second: Tensor, mask: Tensor, second_mask: Tensor) -> Tensor:
        """Return ``tx ty tz`` in units of the depth, one row per instance. # (B, 3).

        Args:
            first: RGB in 0..1, H and W multiples of 32, at least 64. # (B, 3, H, W)
            second: the other image, warped by the camera's motion.
            mask: 1 on the instance in ``first``, else 0. # (B, 1, H, W)
            second_mask: the same in ``second``.

        Raises:
            ValueError: for another image size, or images that differ in shape.
        """
        masked = self.normalization(first) * mask, self.normalization(second) * second_mask
        translation: Tensor = self.net(*masked)
        return translation


class InstaDM(nn.Module):
    """The three networks, 256x832 px in the published training.

    Args:
        ego_pose: False without the network of ego-motion, which is then None.
        object_pose: False without the network of objects' motion.
    """

    def __init__(self, *, ego_pose: bool = True, object_pose: bool = True) -> None:
        super().__init__()
        self.disp_net = DispNet()
        self.ego_pose_net = EgoPoseNet() if ego_pose else None
        self.object_pose_net = ObjectPoseNet() if object_pose else None

    def forward(self, image: Tensor) -> InstaDMOutputs:
        """Return inverse depth of RGB in 0..1. # (B, 3, H, W)."""
        outputs: InstaDMOutputs = self.disp_net(image)
        return outputs

    def parts(self) -> dict[str, nn.Module]:
        """Return the parts of a streaming step that there are weights for, which they share."""
        parts: dict[str, nn.Module] = {"insta_dm": self.disp_net}
        if self.ego_pose_net is not None:
            parts["insta_dm_pose"] = self.ego_pose_net
        return parts


def background_mask(labels: Tensor) -> Tensor:
    """Return 0 on classes that can move by themselves, else 1. # (B, H, W) -> (B, 1, H, W)."""
    dynamic = (labels >= DYNAMIC.start) & (labels < DYNAMIC.stop)
    return (~dynamic).float()[:, None]


def part_inputs(height: int, width: int) -> dict[str, dict[str, tuple[int, ...]]]:
    """Return the input names and shapes of every part at batch 1, in the order of ``forward``.

    Labels are uint8, everything else float32.

    Raises:
        ValueError: for an image size that the network cannot take.
    """
    check_image_size(height, width, multiple=STRIDE, minimum=2 * STRIDE)
    image, labels = (1, 3, height, width), (1, height, width)
    return {
        "insta_dm": {"image": image},
        "insta_dm_pose": {
            "image_current": image,
            "image_next": image,
            "labels_current": labels,
            "labels_next": labels,
        },
    }


def _normalization() -> Normalization:
    return Normalization((0.5,) * 3, (0.5,) * 3)
