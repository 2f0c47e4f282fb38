"""Sampling in pixel coordinates, warping by flow, and the flow that a camera's motion gives."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from scene_perception.geometry.camera import pixel_grid, project, unproject


def warp_by_flow(source: Tensor, flow: Tensor) -> Tensor:
    """Return ``source`` as seen from the target: target (y, x) reads source (y + v, x + u).

    SelFlow's sampling (``networks/selflow/warp.py``), which the network was trained with:
    the corner is the position truncated toward zero, both corners are clipped to the image
    and the weights, taken from the clipped corners, are not. Hence 0 from one pixel before
    the image on, 0 from its last column or row on, and extrapolation between -1 and 0.
    Written as gathers: ``grid_sample`` has no such rule and engines convert it wrongly.

    Args:
        source: features. # (B, C, H, W)
        flow: px from target to source, channel 0 = x. # (B, 2, H, W)

    Raises:
        ValueError: for shapes that do not match.
    """
    batch, channels, height, width = source.shape
    if flow.shape != (batch, 2, height, width):
        raise ValueError(
            f"flow must be {(batch, 2, height, width)} for its source, got {tuple(flow.shape)}"
        )
    x, y = (pixel_grid(height, width, flow.device) + flow).unbind(1)
    left, right = _corners(x, width)
    top, bottom = _corners(y, height)
    # Pixels as rows, so that one index fetches all channels of a corner.
    rows = source.permute(0, 2, 3, 1).reshape(-1, channels)
    start = torch.arange(batch, device=flow.device).view(-1, 1, 1) * (height * width)

    def fetch(corner_y: Tensor, corner_x: Tensor) -> Tensor:
        index = start + corner_y * width + corner_x
        return rows.index_select(0, index.flatten()).view(batch, height, width, channels)

    # Blending along x, then y makes the zeros outside exact: both corners are one sample and
    # their weights are opposite. Summing four products leaves a rounding residue, which the
    # L2 normalisation of a cost volume would enlarge.
    wl, wr = (right - x)[..., None], (x - left)[..., None]
    above = wl * fetch(top, left) + wr * fetch(top, right)
    below = wl * fetch(bottom, left) + wr * fetch(bottom, right)
    warped = (bottom - y)[..., None] * above + (y - top)[..., None] * below
    return warped.permute(0, 3, 1, 2)


def _corners(position: Tensor, size: int) -> tuple[Tensor, Tensor]:
    # Clamping first keeps huge positions within an integer's range; NaN ends at a corner.
    corner = position.clamp(-1, size).long()
    return corner.clamp(0, size - 1), (corner + 1).clamp(0, size - 1)


def resize_flow(flow: Tensor, height: int, width: int) -> Tensor:
    """Resize flow ``(B, 2, H, W)`` with aligned corners and scale it to the new pixels."""
    old_height, old_width = flow.shape[2:]
    resized = F.interpolate(flow, (height, width), mode="bilinear", align_corners=True)
    u, v = resized.unbind(1)
    return torch.stack([u * (width / old_width), v * (height / old_height)], 1)


def rigid_flow(depth: Tensor, source_from_target: Tensor, intrinsics: Tensor) -> Tensor:
    """Return the flow of static points under the camera's motion, px.

    Args:
        depth: of the target frame, in the translation's unit. # (B, 1, H, W)
        source_from_target: rigid transform. # (B, 4, 4)
        intrinsics: K in pixels of H x W. # (B, 3, 3)

    Returns:
        Flow from target to source; points behind the camera are not told apart. # (B, 2, H, W)
    """
    points = unproject(depth, intrinsics)
    rotation, translation = source_from_target[:, :3, :3], source_from_target[:, :3, 3:]
    moved = (rotation @ points.flatten(2) + translation).view_as(points)
    return project(moved, intrinsics) - pixel_grid(depth.shape[2], depth.shape[3], depth.device)
