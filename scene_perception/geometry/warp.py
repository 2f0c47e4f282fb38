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
    _check_shift(source, flow, 2)
    height, width = source.shape[2:]
    x, y = (pixel_grid(height, width, flow.device) + flow).unbind(1)
    left, right = _corners(x, width)
    top, bottom = _corners(y, height)
    rows = _pixels_as_rows(source)
    # Where both corners are clipped to one sample the result must be exactly 0, as the L2
    # normalisation of a cost volume would enlarge a residue. Weights that should cancel leave
    # one wherever a compiler fuses multiplication and addition; the difference of a sample with
    # itself does not.
    above = _blend(_fetch(rows, top, left), _fetch(rows, top, right), right - left, x - left)
    below = _blend(_fetch(rows, bottom, left), _fetch(rows, bottom, right), right - left, x - left)
    warped = _blend(above, below, bottom - top, y - top)
    return warped.permute(0, 3, 1, 2)


def _blend(near: Tensor, far: Tensor, span: Tensor, weight: Tensor) -> Tensor:
    """Return ``near`` at weight 0 and ``far`` at 1, and 0 where ``span`` is 0, not 1."""
    return span[..., None] * near + weight[..., None] * (far - near)


def warp_repeating_border(source: Tensor, flow: Tensor) -> Tensor:
    """Return ``source`` as seen from the target; outside the image its border is repeated.

    The sampling of DWARF's features of the next frame: the fraction of the flow gives the
    weights, only the corners are clipped to the image.

    Args:
        source: features. # (B, C, H, W)
        flow: px from target to source, channel 0 = x. # (B, 2, H, W)

    Raises:
        ValueError: for shapes that do not match.
    """
    _check_shift(source, flow, 2)
    height, width = source.shape[2:]
    whole = flow.floor()
    wx, wy = (flow - whole)[..., None].unbind(1)
    x, y = (pixel_grid(height, width, flow.device) + whole).unbind(1)
    left, right = _clipped(x, width), _clipped(x + 1, width)
    top, bottom = _clipped(y, height), _clipped(y + 1, height)
    rows = _pixels_as_rows(source)
    above = torch.lerp(_fetch(rows, top, left), _fetch(rows, top, right), wx)
    below = torch.lerp(_fetch(rows, bottom, left), _fetch(rows, bottom, right), wx)
    return torch.lerp(above, below, wy).permute(0, 3, 1, 2)


def warp_along_rows(source: Tensor, shift: Tensor) -> Tensor:
    """Return ``source`` as seen from the target: target (y, x) reads source (y, x + shift).

    The sampling of DWARF's right features: both corners are clipped to the image and the
    weights taken from the clipped ones, hence 0 outside the image and on its last column. The
    published code does the same along y, which makes the last row 0 whatever the shift.

    Args:
        source: features. # (B, C, H, W)
        shift: px to the right. # (B, 1, H, W)

    Raises:
        ValueError: for shapes that do not match.
    """
    _check_shift(source, shift, 1)
    height, width = source.shape[2:]
    grid_x, y = pixel_grid(height, width, shift.device)
    x = grid_x + shift[:, 0]
    corner = x.floor()
    left, right = _clipped(corner, width), _clipped(corner + 1, width)
    rows, row = _pixels_as_rows(source), y.long()
    inside = y < height - 1
    near, far = _fetch(rows, row, left), _fetch(rows, row, right)
    warped = _blend(near, far, (right - left) * inside, (x - left) * inside)
    return warped.permute(0, 3, 1, 2)


def _check_shift(source: Tensor, shift: Tensor, channels: int) -> None:
    expected = (source.shape[0], channels, *source.shape[2:])
    if shift.shape != expected:
        raise ValueError(f"flow must be {expected} for its source, got {tuple(shift.shape)}")


def _pixels_as_rows(source: Tensor) -> Tensor:
    """Return features channels last, so that one index fetches all of a pixel's."""
    return source.permute(0, 2, 3, 1).contiguous()


def _fetch(rows: Tensor, y: Tensor, x: Tensor) -> Tensor:
    """Return the pixels ``(B, H, W, C)`` of ``rows`` at whole coordinates ``(B, H, W)``."""
    batch, height, width, channels = rows.shape
    start = torch.arange(batch, device=rows.device).view(-1, 1, 1) * (height * width)
    index = start + y * width + x
    pixels = rows.view(-1, channels).index_select(0, index.flatten())
    return pixels.view(batch, height, width, channels)


def _corners(position: Tensor, size: int) -> tuple[Tensor, Tensor]:
    # Clamping first keeps huge positions within an integer's range; NaN ends at a corner. Clamps
    # and truncation are of floats, as TensorRT clips no integers.
    position = _at_least(position, -1).clamp(max=size)
    corner = torch.where(position < 0, position.ceil(), position.floor())
    return corner.clamp(0, size - 1).long(), (corner + 1).clamp(0, size - 1).long()


def _clipped(corner: Tensor, size: int) -> Tensor:
    return _at_least(corner, 0).clamp(max=size - 1).long()


def _at_least(position: Tensor, minimum: int) -> Tensor:
    """Return ``minimum`` for what is below it, NaN included."""
    return torch.where(position > minimum, position, float(minimum))


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
