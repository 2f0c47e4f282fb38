"""Insta-DM's target and reference frames, projected on each other.

A target frame stands between its references. With each of them it has its own pairs of
instances, ego-motion and motion of objects, forward meaning from target to reference.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor

from offline.losses.instances import background
from offline.losses.motion_field import motion_field
from offline.losses.projection import Projection, ProjectionSettings, project


@dataclass(frozen=True)
class Reference:
    """A frame beside the target, and how things move between both.

    Attributes:
        image: -1..1. # (B, 3, H, W)
        depth: # (B, 1, H, W)
        ego_forward: pose vector of the camera. # (B, 6)
        ego_backward: # (B, 6)
        objects_forward: translations of the target's instances, 0 for unused ones. # (B, N, 3)
        objects_backward: of the reference's instances. # (B, N, 3)
        target_instances: channel 0 = number of pairs, then masks, 0 or 1. # (B, 1 + N, H, W)
        instances: of the reference, channel by channel the same objects. # (B, 1 + N, H, W)
        seen_in_target: where the ego-warped reference is valid, bool. # (B, 1, H, W)
        seen_in_reference: where the ego-warped target is valid, bool. # (B, 1, H, W)
    """

    image: Tensor
    depth: Tensor
    ego_forward: Tensor
    ego_backward: Tensor
    objects_forward: Tensor
    objects_backward: Tensor
    target_instances: Tensor
    instances: Tensor
    seen_in_target: Tensor
    seen_in_reference: Tensor


class ProjectedPair(NamedTuple):
    """Target and one reference, each projected on the other.

    Attributes:
        field_forward: motion of the target's pixels. # (B, 6, H, W)
        field_backward: motion of the reference's pixels. # (B, 6, H, W)
        forward: the reference as the target should show it.
        backward: the target as the reference should show it.
    """

    field_forward: Tensor
    field_backward: Tensor
    forward: Projection
    backward: Projection


def project_pair(
    image: Tensor,
    depth: Tensor,
    reference: Reference,
    intrinsics: Tensor,
    settings: ProjectionSettings,
) -> ProjectedPair:
    """Project target and reference on each other.

    Args:
        image: of the target, -1..1. # (B, 3, H, W)
        depth: of the target. # (B, 1, H, W)
        reference: the other frame.
        intrinsics: of both. # (B, 3, 3)
        settings: what is compared.

    Raises:
        ValueError: for shapes that do not match.
    """
    target, source = (image, depth), (reference.image, reference.depth)
    forward = motion_field(
        reference.ego_forward, reference.objects_forward, reference.target_instances[:, 1:]
    )
    backward = motion_field(
        reference.ego_backward, reference.objects_backward, reference.instances[:, 1:]
    )
    objects = ~background(reference.target_instances), ~background(reference.instances)
    seen = reference.seen_in_target, reference.seen_in_reference
    return ProjectedPair(
        forward,
        backward,
        project(target, source, forward, intrinsics, seen[0], objects[0], settings),
        project(source, target, backward, intrinsics, seen[1], objects[1], settings),
    )
