"""A source image as the target camera would see it, from the target's depth and the motion.

SGDepth's ``perspective_resample.py``. Positions are pixel coordinates and sampling aligns the
corners, which are one rule with the published ``2 x / (W - 1) - 1``: torch 1.1 knew no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from scene_perception.geometry.camera import project, unproject
from scene_perception.models.sgdepth_scene import inverse_depth_from_sigmoid

_GUARD = 1e-7  # of a division by z, as published


class Synthesis(NamedTuple):
    """What one scale's disparity makes of every source image.

    Attributes:
        depth: of the target, at full size. # (B, 1, H, W)
        positions: for each source where it is sampled, px, channel 0 = x. # (B, 2, H, W)
        images: for each source its view from the target. # (B, C, H, W)
    """

    depth: Tensor
    positions: tuple[Tensor, ...]
    images: tuple[Tensor, ...]


def synthesize(
    sources: Sequence[Tensor],
    disparity: Tensor,
    source_from_target: Sequence[Tensor],
    intrinsics: Tensor,
    *,
    rays: Tensor | None = None,
) -> Synthesis:
    """Return every source as the target camera would see it.

    Args:
        sources: images, of one shape. # (B, C, H, W)
        disparity: of the target in 0..1, at any scale. # (B, 1, h, w)
        source_from_target: for each source a rigid transform, in units of depth. # (B, 4, 4)
        intrinsics: K in pixels of H x W, without skew. # (B, 3, 3)
        rays: as ``viewing_rays`` gives them, to share them between scales. # (B, 3, H, W)

    Raises:
        ValueError: for no sources, or another number of transforms.
    """
    if not sources or len(sources) != len(source_from_target):
        raise ValueError(
            "sources must be at least one, each with its transform, "
            f"got {len(sources)} sources and {len(source_from_target)} transforms"
        )
    height, width = sources[0].shape[2:]
    depth = full_size_depth(disparity, height, width)
    points = depth * (viewing_rays(intrinsics, height, width) if rays is None else rays)
    positions = tuple(
        source_positions(points, transform, intrinsics) for transform in source_from_target
    )
    images = tuple(map(sample, sources, positions))
    return Synthesis(depth, positions, images)


def full_size_depth(disparity: Tensor, height: int, width: int) -> Tensor:
    """Enlarge a scale's disparity in 0..1, then invert. # (B, 1, h, w) -> (B, 1, H, W)."""
    enlarged = F.interpolate(disparity, (height, width), mode="bilinear", align_corners=False)
    return inverse_depth_from_sigmoid(enlarged).reciprocal()


def viewing_rays(intrinsics: Tensor, height: int, width: int) -> Tensor:
    """Return the point at z = 1 that each pixel sees. # (B, 3, 3) -> (B, 3, H, W)."""
    return unproject(intrinsics.new_ones(len(intrinsics), 1, height, width), intrinsics)


def source_positions(points: Tensor, source_from_target: Tensor, intrinsics: Tensor) -> Tensor:
    """Return where the source sees points of the target.

    Args:
        points: in the target's frame. # (B, 3, H, W)
        source_from_target: rigid transform, in the unit of ``points``. # (B, 4, 4)
        intrinsics: K in pixels of H x W, without skew. # (B, 3, 3)

    Returns:
        Pixel coordinates, channel 0 = x. # (B, 2, H, W)
    """
    # Not a matrix product: one that fuses multiply and add moves positions by up to 1e-4 px,
    # which flat patches show in the dissimilarity.
    x, y, z = points[:, :1], points[:, 1:2], points[:, 2:]
    columns = source_from_target[:, :3, :, None, None].unbind(2)
    moved = columns[0] * x + columns[1] * y + columns[2] * z + columns[3]
    return project(moved, intrinsics, guard=_GUARD)


def sample(image: Tensor, positions: Tensor) -> Tensor:
    """Sample bilinearly; beyond the image its border is repeated.

    Args:
        image: any channels. # (B, C, H, W)
        positions: pixel coordinates, channel 0 = x. # (B, 2, H, W)
    """
    grid = sampling_grid(positions)
    return F.grid_sample(image, grid, mode="bilinear", padding_mode="border", align_corners=True)


def sample_labels(labels: Tensor, positions: Tensor) -> Tensor:
    """Take the nearest pixel's label; beyond the image its border is repeated.

    Args:
        labels: of the source, at most 255. # (B, H, W)
        positions: pixel coordinates, channel 0 = x. # (B, 2, H, W)

    Returns:
        Labels as seen from the target, of the same type. # (B, H, W)
    """
    values, grid = labels[:, None].to(positions.dtype), sampling_grid(positions)
    nearest = F.grid_sample(values, grid, mode="nearest", padding_mode="border", align_corners=True)
    return nearest[:, 0].to(labels.dtype)


def sampling_grid(positions: Tensor) -> Tensor:
    """Scale pixel coordinates to -1..1 between the outermost pixels' centres.

    # (B, 2, H, W) -> (B, H, W, 2)
    """
    height, width = positions.shape[2:]
    last = torch.tensor([width - 1, height - 1], dtype=positions.dtype, device=positions.device)
    return 2 * positions.permute(0, 2, 3, 1) / last - 1


def surface_normals(points: Tensor) -> Tensor:
    """Return the unit normals of the surface through neighbouring points, for pictures.

    Args:
        points: in the optical frame. # (B, 3, H, W)

    Returns:
        Cross product of the steps to the right and to the lower neighbour: along +z for a
        wall that faces the camera. # (B, 3, H - 1, W - 1)
    """
    corner = points[:, :, :-1, :-1]
    right, down = points[:, :, :-1, 1:] - corner, points[:, :, 1:, :-1] - corner
    normal = torch.linalg.cross(right, down, dim=1)
    unit: Tensor = normal / (normal.norm(dim=1, keepdim=True) + 1e-8)
    return unit
