"""SGDepth: depth, semantics and ego-motion (Klingner et al., ECCV 2020, ``models/sgdepth.py``).

Depth and semantics come from one encoder and a decoder whose first steps both share; a network
of its own sees two images and gives the camera's motion.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from scene_perception.cityscapes import CLASSES
from scene_perception.frame import UNKNOWN_LABEL
from scene_perception.geometry.se3 import axis_angle_matrix, inverse
from scene_perception.models.dsnet import labels_from_logits
from scene_perception.models.layers import ReflectConv, check_image_size
from scene_perception.models.pose_net import PoseNet
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
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_MIN_DEPTH, _MAX_DEPTH = 0.1, 100.0


class SGDepthOutputs(NamedTuple):
    """Inverse depth in 0.01..10 (B, 1, H, W); uint8 train ids, 255 for void (B, H, W)."""

    inverse_depth: Tensor
    labels: Tensor


class SGDepthPoseOutputs(NamedTuple):
    """Transform of the current frame's points into the next frame. # (B, 4, 4)."""

    next_from_current: Tensor


class SGDepthFrames(NamedTuple):
    """Everything about the current one of three frames."""

    inverse_depth: Tensor
    labels: Tensor
    previous_from_current: Tensor
    next_from_current: Tensor


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
        self.normalization = Normalization(_MEAN, _DEVIATION)
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


class EgoMotionNet(nn.Module):
    """The camera's motion between two frames, in units of the depth's scale."""

    def __init__(self) -> None:
        super().__init__()
        self.normalization = Normalization(_MEAN, _DEVIATION)
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
