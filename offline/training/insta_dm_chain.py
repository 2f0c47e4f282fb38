"""From images and paired instances to what Insta-DM's losses compare (``train.py``).

Depth of all frames, the camera's motion between target and reference both ways, each frame
carried to the other by that motion, and from these the motion of every instance.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from offline.losses.forward_warp import EgoWarp, remove_ego_motion
from offline.losses.instances import background
from offline.losses.object_motion import object_translations
from offline.losses.reference import Reference
from offline.training.omeganet_parts import full_precision
from offline.training.sgdepth_step import exact
from scene_perception.geometry.se3 import pose_matrix
from scene_perception.models.insta_dm import EgoPoseNet, InstaDM, ObjectPoseNet


class ReferenceFrame(NamedTuple):
    """A frame beside the target, with those instances that both show.

    Attributes:
        image: RGB in 0..1. # (B, 3, H, W)
        target_instances: of the target, channel 0 = number of pairs, then masks, 0 or 1.
            # (B, 1 + N, H, W)
        instances: of this frame, channel by channel the same objects. # (B, 1 + N, H, W)
    """

    image: Tensor
    target_instances: Tensor
    instances: Tensor


class Described(NamedTuple):
    """A target with its references, as ``insta_dm_losses`` reads them.

    Attributes:
        image: of the target, -1..1. # (B, 3, H, W)
        depth: of the target. # (B, 1, H, W)
        references: in the order of the frames.
    """

    image: Tensor
    depth: Tensor
    references: tuple[Reference, ...]


def describe(
    network: InstaDM, image: Tensor, frames: Sequence[ReferenceFrame], intrinsics: Tensor
) -> Described:
    """Run all three networks on a target and its references.

    The depth network runs on the target and on each reference in turn, so that batch statistics
    are those of one frame's batch, as published.

    Args:
        network: with all three networks.
        image: of the target, RGB in 0..1. # (B, 3, H, W)
        frames: the references, previous first.
        intrinsics: of all frames. # (B, 3, 3)

    Raises:
        ValueError: for a network without its pose networks, or shapes that do not match.
    """
    ego_net, object_net = network.ego_pose_net, network.object_pose_net
    if ego_net is None or object_net is None:
        raise ValueError("network must have its networks of ego-motion and of objects' motion")
    depth, *depths = (
        1 / exact(network(view).inverse_depth) for view in (image, *(f.image for f in frames))
    )
    with full_precision(image):
        references = tuple(
            _reference(ego_net, object_net, (image, depth), frame, own, intrinsics)
            for frame, own in zip(frames, depths, strict=True)
        )
    return Described(network.disp_net.normalization(image), depth, references)


def _reference(
    ego_net: EgoPoseNet,
    object_net: ObjectPoseNet,
    target: tuple[Tensor, Tensor],
    frame: ReferenceFrame,
    depth: Tensor,
    intrinsics: Tensor,
) -> Reference:
    """Return the motion between a target and one reference. Both images are 0..1."""
    image, target_depth = target
    masks = frame.target_instances, frame.instances
    static = background(masks[0]).to(image.dtype) * background(masks[1])
    forward = ego_net.vector(image, frame.image, static)
    backward = ego_net.vector(frame.image, image, static)
    normalised, other = (object_net.normalization(view) for view in (image, frame.image))
    carried = _carried(other, masks[1], depth, backward, intrinsics)
    target_carried = _carried(normalised, masks[0], target_depth, forward, intrinsics)

    def net(first: Tensor, second: Tensor, mask: Tensor, second_mask: Tensor) -> Tensor:
        motion: Tensor = object_net.net(first * mask, second * second_mask)
        return motion

    return Reference(
        image=other,
        depth=depth,
        ego_forward=forward,
        ego_backward=backward,
        objects_forward=object_translations(net, normalised, masks[0], carried),
        objects_backward=object_translations(net, other, masks[1], target_carried),
        target_instances=masks[0],
        instances=masks[1],
        seen_in_target=carried.valid,
        seen_in_reference=target_carried.valid,
    )


def _carried(
    image: Tensor, instances: Tensor, depth: Tensor, pose: Tensor, intrinsics: Tensor
) -> EgoWarp:
    with torch.no_grad():
        return remove_ego_motion(image, instances, depth, pose_matrix(pose, clip=False), intrinsics)
