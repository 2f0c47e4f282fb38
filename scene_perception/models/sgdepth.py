"""SGDepth: depth, semantics and ego-motion (Klingner et al., ECCV 2020, ``models/sgdepth.py``).

Depth and semantics come from ``sgdepth_scene``; a network of its own sees two images and gives the
camera's motion.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from scene_perception.geometry.se3 import axis_angle_matrix, inverse
from scene_perception.models.layers import check_image_size
from scene_perception.models.pose_net import PoseNet
from scene_perception.models.resnet import STRIDE, Normalization
from scene_perception.models.sgdepth_scene import DEVIATION, MEAN, SceneNet, SGDepthPrediction


class SGDepthPoseOutputs(NamedTuple):
    """Transform of the current frame's points into the next frame. # (B, 4, 4)."""

    next_from_current: Tensor


class SGDepthFrames(NamedTuple):
    """Everything about the current one of three frames."""

    inverse_depth: Tensor
    labels: Tensor
    previous_from_current: Tensor
    next_from_current: Tensor


class EgoMotionNet(nn.Module):
    """The camera's motion between two frames, in units of the depth's scale."""

    def __init__(self) -> None:
        super().__init__()
        self.normalization = Normalization(MEAN, DEVIATION)
        self.net = PoseNet(6)
        with torch.no_grad():
            # As published, instead of scaling what the network predicts.
            self.net.prediction.weight.mul_(0.01)
            self.net.prediction.get_parameter("bias").mul_(0.01)

    def forward(self, image_current: Tensor, image_next: Tensor) -> SGDepthPoseOutputs:
        """Return the motion from the current to the next image, RGB in 0..1. # (B, 3, H, W).

        Raises:
            ValueError: for another image size, or images that differ in shape.
        """
        return SGDepthPoseOutputs(axis_angle_matrix(*self.vectors(image_current, image_next)))

    def vectors(self, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        """Return axis times angle [rad] and translation from ``first`` to ``second``. # (B, 3)."""
        vector = self.net(self.normalization(first), self.normalization(second))
        return vector[:, :3], vector[:, 3:]


class SGDepth(nn.Module):
    """Depth and semantics of one image, ego-motion of two; 192x640 px in the published training.

    Args:
        split: as of ``shared_steps``.

    Raises:
        ValueError: for another split position.
    """

    def __init__(self, split: int = 1) -> None:
        super().__init__()
        self.scene = SceneNet(split)
        self.ego_motion = EgoMotionNet()

    def forward(self, previous: Tensor, current: Tensor, next: Tensor) -> SGDepthFrames:
        """Describe ``current``.

        The earlier pair's motion is predicted forward in time as well, and inverted.

        Args:
            previous: RGB in 0..1, H and W multiples of 32, at least 64. # (B, 3, H, W)
            current: the next frame, of the same shape.
            next: the one after that.

        Raises:
            ValueError: for another image size, or images that differ in shape.
        """
        scene = self.scene(current)
        current_from_previous = self.ego_motion(previous, current).next_from_current
        following = self.ego_motion(current, next).next_from_current
        return SGDepthFrames(
            scene.inverse_depth, scene.labels, inverse(current_from_previous), following
        )

    def predict(self, image: Tensor) -> SGDepthPrediction:
        """Return four disparities and logits for RGB in 0..1. # (B, 3, H, W)."""
        return self.scene.predict(image)

    def parts(self) -> dict[str, nn.Module]:
        """Return the parts of a streaming step, which share this network's weights."""
        return {"sgdepth": self.scene, "sgdepth_pose": self.ego_motion}


def part_inputs(height: int, width: int) -> dict[str, dict[str, tuple[int, ...]]]:
    """Return the input names and shapes of every part at batch 1, in the order of ``forward``.

    Raises:
        ValueError: for an image size that the network cannot take.
    """
    check_image_size(height, width, multiple=STRIDE, minimum=2 * STRIDE)
    image = (1, 3, height, width)
    return {
        "sgdepth": {"image": image},
        "sgdepth_pose": {"image_current": image, "image_next": image},
    }
