"""Insta-DM's motion field: the camera's motion, and within an object's mask also its own.

A field holds one vector ``tx ty tz rx ry rz`` for each pixel. # (B, 6, H, W)
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from offline.losses.inverse_warp import Padding, back_project, check_depth, project_points, sample
from scene_perception.geometry.camera import pixel_grid
from scene_perception.geometry.se3 import pose_matrix


class MotionWarp(NamedTuple):
    """A source image and its depth, seen from the target through a motion field.

    Attributes:
        image: sampled. # (B, C, H, W)
        valid: whether the point lies in the source image, bool. # (B, 1, H, W)
        projected_depth: the source's own depth, sampled. # (B, 1, H, W)
        computed_depth: along the source's Z, from the target's depth. # (B, 1, H, W)
        flow: px from target to source. # (B, 2, H, W)
    """

    image: Tensor
    valid: Tensor
    projected_depth: Tensor
    computed_depth: Tensor
    flow: Tensor


def motion_field(ego_motion: Tensor, translations: Tensor, masks: Tensor) -> Tensor:
    """Return the motion of each pixel. # (B, 6, H, W).

    Args:
        ego_motion: pose vectors of the camera. # (B, 6)
        translations: of objects, beyond the camera's motion; 0 for unused ones. # (B, N, 3)
        masks: of the objects, 0 or 1. Where they overlap, translations add. # (B, N, H, W)

    Raises:
        ValueError: for shapes that do not match.
    """
    batch, count = masks.shape[:2]
    if ego_motion.shape != (batch, 6) or translations.shape != (batch, count, 3):
        raise ValueError(
            f"ego_motion and translations must be {(batch, 6)} and {(batch, count, 3)} for masks "
            f"{tuple(masks.shape)}, got {tuple(ego_motion.shape)} and {tuple(translations.shape)}"
        )
    objects = torch.einsum("bnhw,bnc->bchw", masks.to(translations.dtype), translations)
    ego = ego_motion[:, :, None, None].expand(-1, -1, *masks.shape[2:])
    return torch.cat([ego[:, :3] + objects, ego[:, 3:]], 1)


def field_rotation(field: Tensor) -> Tensor:
    """Return the rotation of a motion field: one for each image, its mean. # (B, 3, 3)."""
    return pose_matrix(field.mean((2, 3)), clip=False)[:, :3, :3]


def warp_by_motion_field(
    image: Tensor,
    source_depth: Tensor,
    depth: Tensor,
    field: Tensor,
    intrinsics: Tensor,
    padding: Padding = "zeros",
) -> MotionWarp:
    """Warp image and depth of the source to the target, each pixel by its own translation.

    The published ``inverse_warp_mof``. Corners are not aligned in its sampling although its
    coordinates are normalised as if they were, and the sampled depth may be 0.

    Args:
        image: of the source. # (B, C, H, W)
        source_depth: of the source. # (B, 1, H, W)
        depth: of the target. # (B, 1, H, W)
        field: motion from target to source. # (B, 6, H, W)
        intrinsics: of both images. # (B, 3, 3)
        padding: what is read outside the image; with zeros no pixel blends image and padding.

    Raises:
        ValueError: for shapes that do not match.
    """
    check_depth(depth, intrinsics)
    height, width = depth.shape[2:]
    if field.shape != (len(depth), 6, height, width):
        raise ValueError(
            f"motion field must be {(len(depth), 6, height, width)} for its depth, "
            f"got {tuple(field.shape)}"
        )
    view = project_points(_move(back_project(depth, intrinsics), field, intrinsics))
    if padding == "zeros":
        view = view.kept_apart()
    return MotionWarp(
        sample(image, view, padding, align_corners=False),
        view.valid,
        sample(source_depth, view, padding, align_corners=False),
        view.depth,
        view.position - pixel_grid(height, width, depth.device),
    )


def _move(points: Tensor, field: Tensor, intrinsics: Tensor) -> Tensor:
    """Return K times the moved points. # (B, 3, H, W)."""
    projection = (intrinsics @ field_rotation(field))[..., None, None]
    translation = (intrinsics @ field[:, :3].flatten(2)).view_as(points)
    # Summed as published: a matrix product rounds otherwise.
    return (projection * points[:, None]).sum(2) + translation
