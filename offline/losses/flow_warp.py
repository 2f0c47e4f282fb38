"""Insta-DM's warp by optical flow, and the reversal of flow by splatting."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from scene_perception.geometry.camera import pixel_grid


def flow_warp(source: Tensor, flow: Tensor) -> tuple[Tensor, Tensor]:
    """Return ``source`` seen from the target, 0 outside, and which pixels lie in it.

    Positions are normalised by half the size but sampled with aligned corners
    (``rigid_warp.py``), which shrinks the image about its centre: even zero flow resamples.

    Args:
        source: # (B, C, H, W)
        flow: px from target to source, channel 0 = x. # (B, 2, H, W)

    Returns:
        The warped source and valid, bool. # (B, C, H, W), (B, 1, H, W)

    Raises:
        ValueError: for shapes that do not match.
    """
    _check_flow(source, flow)
    height, width = flow.shape[2:]
    half = flow.new_tensor([width / 2, height / 2])
    position = pixel_grid(height, width, flow.device) + flow
    grid = (position.permute(0, 2, 3, 1) - half) / half
    valid = (grid.abs().amax(-1) <= 1).unsqueeze(1)
    warped = F.grid_sample(source, grid, align_corners=True)
    return warped.masked_fill(~valid, 0), valid


def splat(values: Tensor, flow: Tensor) -> tuple[Tensor, Tensor]:
    """Spread ``values`` to the four pixels round each flow's end (``flow_reversal.py``).

    Args:
        values: # (B, C, H, W)
        flow: px, channel 0 = x. # (B, 2, H, W)

    Returns:
        The sum of values weighted by exp(-distance^2), and the sum of those weights. What
        falls outside the image is lost. # (B, C, H, W), (B, 1, H, W)

    Raises:
        ValueError: for shapes that do not match.
    """
    _check_flow(values, flow)
    corner = flow.floor()
    weighted = torch.cat([values, torch.ones_like(values[:, :1])], 1)
    total = weighted.new_zeros(weighted.shape).flatten(2)
    for step_y in (0, 1):
        for step_x in (0, 1):
            whole = corner + corner.new_tensor([step_x, step_y]).view(2, 1, 1)
            index, inside = _pixel_index(whole)
            weight = torch.exp(-(flow - whole).square().sum(1, keepdim=True)) * inside
            share = (weighted * weight).flatten(2)
            total = total.scatter_add(2, index.flatten(2).expand_as(share), share)
    summed = total.view_as(weighted)
    return summed[:, :-1], summed[:, -1:]


def reverse_flow(flow: Tensor) -> tuple[Tensor, Tensor]:
    """Return the flow back from where ``flow`` ends, and where it is known.

    Args:
        flow: px from first to second image, channel 0 = x. # (B, 2, H, W)

    Returns:
        Flow from second to first image, 0 where unknown, and known, bool.
        # (B, 2, H, W), (B, 1, H, W)
    """
    summed, weight = splat(flow, flow)
    known = weight > 0
    return -summed / weight.masked_fill(~known, 1) * known, known


def _pixel_index(whole_flow: Tensor) -> tuple[Tensor, Tensor]:
    """Return each end's row-major index, 0 where outside, and inside. # 2 x (B, 1, H, W)."""
    height, width = whole_flow.shape[2:]
    # Clamping first keeps huge flows within an integer's range.
    reach = whole_flow.clamp(-2 * max(height, width), 2 * max(height, width))
    end = (pixel_grid(height, width, reach.device) + reach).long()
    x, y = end[:, :1], end[:, 1:]
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    return torch.where(inside, y * width + x, 0), inside


def _check_flow(source: Tensor, flow: Tensor) -> None:
    expected = (source.shape[0], 2, *source.shape[2:])
    if source.ndim != 4 or flow.shape != expected:
        raise ValueError(
            f"flow must be (B, 2, H, W) of its source, {expected}, got {tuple(flow.shape)}"
        )
