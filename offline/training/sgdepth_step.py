"""SGDepth's forward pass in training: one batch for both tasks (``models/sgdepth.py``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from offline.losses.moving_mask import MovingMask, moving_mask
from offline.losses.view_synthesis import Synthesis, sample_labels, synthesize, viewing_rays
from offline.training.gradient_scaling import scale_gradient
from scene_perception.geometry.se3 import axis_angle_matrix, inverse
from scene_perception.models.sgdepth import EgoMotionNet
from scene_perception.models.sgdepth_scene import SceneNet


class JointPrediction(NamedTuple):
    """What both heads say of their images.

    Attributes:
        disparities: in 0..1, finest first. # (D, 1, H, W) ... (D, 1, H/8, W/8)
        logits: of 19 classes and void. # (L, 20, H, W)
    """

    disparities: tuple[Tensor, ...]
    logits: Tensor


class GradientScales(NamedTuple):
    """How much of each task's gradient enters what both share; heads see all of their own."""

    depth: float = 0.9
    segmentation: float = 0.1


def predict_jointly(
    network: SceneNet, images: Tensor, depth: slice, labelled: slice, scales: GradientScales
) -> JointPrediction:
    """Run the shared part on all images at once, so that they have common batch statistics.

    Args:
        network: of both tasks.
        images: RGB in 0..1. # (B, 3, H, W)
        depth: rows that the depth head gets.
        labelled: rows that the segmentation head gets.
        scales: of the gradients.

    Raises:
        ValueError: for an image size that the network cannot take.
    """
    levels = network.encode(images)
    for_depth = scale_gradient([level[depth] for level in levels], scales.depth)
    for_labels = scale_gradient([level[labelled] for level in levels], scales.segmentation)
    disparities = tuple(exact(disparity) for disparity in network.depth(for_depth))
    return JointPrediction(disparities, exact(network.segmentation(for_labels)))


def motions(
    network: EgoMotionNet, previous: Tensor, current: Tensor, following: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the transforms of the current frame's points into the other two. # (B, 4, 4).

    The earlier pair is seen forward in time as well, and its motion inverted, as published.

    Args:
        network: of ego-motion.
        previous: RGB in 0..1. # (B, 3, H, W)
        current: the next frame.
        following: the one after that.
    """
    earlier = axis_angle_matrix(*network.vectors(previous, current))
    later = axis_angle_matrix(*network.vectors(current, following))
    return inverse(earlier), later


def views(
    sources: Sequence[Tensor],
    disparities: Sequence[Tensor],
    source_from_target: Sequence[Tensor],
    intrinsics: Tensor,
) -> tuple[Synthesis, ...]:
    """Return the sources seen from the target through the disparities of each scale.

    Args:
        sources: previous and next image, RGB in 0..1. # (B, 3, H, W)
        disparities: of the target, finest first. # (B, 1, H / 2^s, W / 2^s)
        source_from_target: for each source. # (B, 4, 4)
        intrinsics: K in pixels of H x W. # (B, 3, 3)
    """
    rays = viewing_rays(intrinsics, *sources[0].shape[2:])
    return tuple(
        synthesize(sources, disparity, source_from_target, intrinsics, rays=rays)
        for disparity in disparities
    )


@torch.no_grad()
def mask_moving(
    network: SceneNet, images: Sequence[Tensor], finest: Synthesis, threshold: float
) -> MovingMask:
    """Return which pixels the photometric loss keeps, by the network's own classes.

    Args:
        network: in evaluation mode.
        images: current, previous and next, RGB in 0..1. # (B, 3, H, W)
        finest: the neighbours seen from the current frame.
        threshold: of the score.

    Raises:
        ValueError: for an image size that the network cannot take.
    """
    current, *others = (network.segmentation(network.encode(image)).argmax(1) for image in images)
    warped = [
        sample_labels(labels, positions)
        for labels, positions in zip(others, finest.positions, strict=True)
    ]
    return moving_mask(current, warped, threshold)


def exact(values: Tensor) -> Tensor:
    """Return at least float32: losses are not made for less."""
    return values.to(torch.promote_types(values.dtype, torch.float32))
