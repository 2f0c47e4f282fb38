"""Insta-DM's forward warp: depth is carried to the target's view, the nearest point wins."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from offline.losses.inverse_warp import MIN_DEPTH, back_project, check_depth, inverse_warp
from offline.losses.pose_vectors import published_inverse

_ENLARGEMENT = 3


class ForwardWarp(NamedTuple):
    """A source image carried to the target's view; all are 0 where not valid.

    Attributes:
        image: # (B, C, H, W)
        depth: along the target's Z. # (B, 1, H, W)
        valid: where a source point came to lie, bool. # (B, 1, H, W)
    """

    image: Tensor
    depth: Tensor
    valid: Tensor


class EgoWarp(NamedTuple):
    """A frame without the camera's motion, to tell that of objects from.

    Attributes:
        image: # (B, 3, H, W)
        instances: channel 0 = number of instances, then 0 or 1. # (B, 1 + N, H, W)
        depth: # (B, 1, H, W)
        valid: bool. # (B, 1, H, W)
    """

    image: Tensor
    instances: Tensor
    depth: Tensor
    valid: Tensor


def forward_warp(
    image: Tensor,
    depth: Tensor,
    target_from_source: Tensor,
    intrinsics: Tensor,
    *,
    enlargement: int = _ENLARGEMENT,
) -> ForwardWarp:
    """Carry a source image to the target's view (``rigid_warp.py``, ``forward_warp``).

    Only depth is carried; the image is then fetched by the inverse warp with that depth and
    the published inverse motion.

    Args:
        image: of the source. # (B, C, H, W)
        depth: of the source. # (B, 1, H, W)
        target_from_source: rigid transform. # (B, 4, 4)
        intrinsics: of both images. # (B, 3, 3)
        enlargement: points per pixel and axis, so that fewer gaps open.

    Raises:
        ValueError: for shapes that do not match or an enlargement below 1.
    """
    check_depth(depth, intrinsics)
    if enlargement < 1:
        raise ValueError(f"enlargement must be at least 1, got {enlargement}")
    carried, filled = _carry_depth(depth, target_from_source, intrinsics, enlargement)
    source_from_target = published_inverse(target_from_source)
    fetched, inside = inverse_warp(image, carried, source_from_target, intrinsics)
    valid = filled & inside
    return ForwardWarp(fetched * valid, carried * valid, valid)


def _carry_depth(
    depth: Tensor, target_from_source: Tensor, intrinsics: Tensor, enlargement: int
) -> tuple[Tensor, Tensor]:
    """Return the depth at the target and where there is any. # (B, 1, H, W), bool."""
    enlarged = F.interpolate(depth, scale_factor=enlargement, mode="nearest")
    finer = intrinsics * intrinsics.new_tensor([[enlargement], [enlargement], [1]])
    points = back_project(enlarged, finer).flatten(2)
    moved = target_from_source[:, :3, :3] @ points + target_from_source[:, :3, 3:]
    z = moved[:, 2:].clamp(min=MIN_DEPTH)
    rays = torch.cat([moved[:, :2] / z, torch.ones_like(z)], 1)
    position = (intrinsics @ rays)[:, :2]
    return _nearest(position, z[:, 0], depth.shape[2], depth.shape[3])


def _nearest(position: Tensor, z: Tensor, height: int, width: int) -> tuple[Tensor, Tensor]:
    """Return the nearest of the points that fall on each pixel, and where one does.

    Truncation toward zero lets -1..0 fall on pixel 0, as published.
    """
    x, y = position[:, 0].clamp(-1, width).long(), position[:, 1].clamp(-1, height).long()
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    index = torch.where(inside, y * width + x, height * width)  # the last takes what is outside
    none = z.new_zeros(len(z), height * width + 1)
    nearness = none.scatter_reduce(1, index, 1 / z, "amax")[:, :-1]
    filled = nearness > 0
    depth = 1 / nearness.masked_fill(~filled, 1) * filled
    return depth.view(-1, 1, height, width), filled.view(-1, 1, height, width)


def remove_ego_motion(
    image: Tensor, instances: Tensor, depth: Tensor, target_from_source: Tensor, intrinsics: Tensor
) -> EgoWarp:
    """Carry a frame and its instances to the other frame by the camera's motion alone.

    The object network compares the result with that frame. No gradient passes through depth
    and motion.

    Args:
        image: -1..1. # (B, 3, H, W)
        instances: channel 0 = their number, then one mask each. # (B, 1 + N, H, W)
        depth: # (B, 1, H, W)
        target_from_source: rigid transform of the camera. # (B, 4, 4)
        intrinsics: # (B, 3, 3)

    Raises:
        ValueError: for shapes that do not match.
    """
    layers = torch.cat([image, instances[:, 1:].to(image.dtype)], 1)
    warp = forward_warp(layers, depth.detach(), target_from_source.detach(), intrinsics)
    colours = image.shape[1]
    masks = warp.image[:, colours:].round()
    counted = torch.cat([instances[:, :1].to(image.dtype), masks], 1)
    return EgoWarp(warp.image[:, :colours], counted, warp.depth, warp.valid)
