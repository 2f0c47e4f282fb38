"""Insta-DM's inverse warp: the source image seen from the target, by depth and motion.

Coordinates are normalised by W - 1 and H - 1, so -1 and 1 are centres of border pixels. The
order of operations is the published one (``rigid_warp.py``): where a point comes to lie on
the very border, rounding decides whether it counts.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from scene_perception.geometry.camera import pixel_grid

Padding = Literal["zeros", "border"]

MIN_DEPTH = 1e-3
_OUTSIDE = 2.0


class SourceView(NamedTuple):
    """Where the target's points lie in the source image.

    Attributes:
        grid: normalised to -1..1. # (B, H, W, 2)
        position: px, channel 0 = x. # (B, 2, H, W)
        depth: along the source's Z, at least 1e-3. # (B, 1, H, W)
    """

    grid: Tensor
    position: Tensor
    depth: Tensor

    @property
    def valid(self) -> Tensor:
        """Whether a point lies within the centres of the border pixels. # (B, 1, H, W) bool."""
        return (self.grid.abs().amax(-1) <= 1).unsqueeze(1)

    def kept_apart(self) -> SourceView:
        """Move coordinates out of range far out: no pixel then blends image and padding."""
        grid = self.grid.masked_fill(self.grid.abs() > 1, _OUTSIDE)
        return SourceView(grid, self.position, self.depth)


class DepthWarp(NamedTuple):
    """A source image and its depth, seen from the target.

    Attributes:
        image: sampled. # (B, C, H, W)
        valid: whether the point lies in the source image. # (B, 1, H, W) bool
        projected_depth: the source's own depth, sampled. # (B, 1, H, W)
        computed_depth: along the source's Z, from the target's depth. # (B, 1, H, W)
    """

    image: Tensor
    valid: Tensor
    projected_depth: Tensor
    computed_depth: Tensor


def back_project(depth: Tensor, intrinsics: Tensor) -> Tensor:
    """Return the points that pixels show. # depth (B, 1, H, W), K (B, 3, 3) -> (B, 3, H, W)."""
    height, width = depth.shape[2:]
    grid = pixel_grid(height, width, depth.device).to(depth.dtype)
    homogeneous = torch.cat([grid, torch.ones_like(grid[:1])]).flatten(1)
    rays = intrinsics.inverse() @ homogeneous
    return rays.view(-1, 3, height, width) * depth


def project_points(moved: Tensor) -> SourceView:
    """Return where points lie in the source image.

    Args:
        moved: K times the points in the source's optical frame. # (B, 3, H, W)
    """
    height, width = moved.shape[2:]
    depth = moved[:, 2:].clamp(min=MIN_DEPTH)
    position = moved[:, :2] / depth
    last = position.new_tensor([width - 1, height - 1])
    grid = 2 * position.permute(0, 2, 3, 1) / last - 1
    return SourceView(grid, position, depth)


def view_source(depth: Tensor, source_from_target: Tensor, intrinsics: Tensor) -> SourceView:
    """Return where the target's pixels lie in the source image under one rigid motion.

    Args:
        depth: of the target. # (B, 1, H, W)
        source_from_target: rigid transform. # (B, 4, 4)
        intrinsics: of both images. # (B, 3, 3)

    Raises:
        ValueError: for shapes that do not match.
    """
    check_depth(depth, intrinsics)
    if source_from_target.shape != (len(depth), 4, 4):
        raise ValueError(
            f"source_from_target must be {(len(depth), 4, 4)} for its depth, "
            f"got {tuple(source_from_target.shape)}"
        )
    projection = intrinsics @ source_from_target[:, :3]
    points = back_project(depth, intrinsics)
    moved = projection[:, :, :3] @ points.flatten(2) + projection[:, :, 3:]
    return project_points(moved.view_as(points))


def check_depth(depth: Tensor, intrinsics: Tensor) -> None:
    """Refuse depth that is no (B, 1, H, W) and intrinsics that are no (B, 3, 3).

    Raises:
        ValueError: for another shape.
    """
    if depth.ndim != 4 or depth.shape[1] != 1:
        raise ValueError(f"depth must be (B, 1, H, W), got {tuple(depth.shape)}")
    if intrinsics.shape != (len(depth), 3, 3):
        raise ValueError(
            f"intrinsics must be {(len(depth), 3, 3)} for the depth, got {tuple(intrinsics.shape)}"
        )


def inverse_warp(
    image: Tensor,
    depth: Tensor,
    source_from_target: Tensor,
    intrinsics: Tensor,
    padding: Padding = "zeros",
) -> tuple[Tensor, Tensor]:
    """Return the source ``image`` seen from the target, and which pixels lie in it.

    Args:
        image: of the source. # (B, C, H, W)
        depth: of the target. # (B, 1, H, W)
        source_from_target: rigid transform; a chain of motions is their product. # (B, 4, 4)
        intrinsics: of both images. # (B, 3, 3)
        padding: what is read outside the image.

    Returns:
        The warped image and valid, bool. # (B, C, H, W), (B, 1, H, W)

    Raises:
        ValueError: for shapes that do not match.
    """
    view = view_source(depth, source_from_target, intrinsics)
    return sample(image, view, padding, align_corners=True), view.valid


def inverse_warp_with_depth(
    image: Tensor,
    source_depth: Tensor,
    depth: Tensor,
    source_from_target: Tensor,
    intrinsics: Tensor,
    padding: Padding = "zeros",
) -> DepthWarp:
    """Warp image and depth of the source, to be compared with the target's.

    The published ``inverse_warp2``. With zeros padding no pixel blends image and padding.

    Args:
        image: of the source. # (B, C, H, W)
        source_depth: of the source. # (B, 1, H, W)
        depth: of the target. # (B, 1, H, W)
        source_from_target: rigid transform. # (B, 4, 4)
        intrinsics: of both images. # (B, 3, 3)
        padding: what is read outside the image.

    Raises:
        ValueError: for shapes that do not match.
    """
    view = view_source(depth, source_from_target, intrinsics)
    if padding == "zeros":
        view = view.kept_apart()
    warped = sample(image, view, padding, align_corners=True)
    projected = sample(source_depth, view, padding, align_corners=True).clamp(min=MIN_DEPTH)
    return DepthWarp(warped, view.valid, projected, view.depth)


def depth_to_flow(
    depth: Tensor, source_from_target: Tensor, intrinsics: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the flow of static points, px, and which end in the source image.

    Args:
        depth: of the target. # (B, 1, H, W)
        source_from_target: rigid transform. # (B, 4, 4)
        intrinsics: of both images. # (B, 3, 3)

    Returns:
        Flow from target to source, and valid, bool. # (B, 2, H, W), (B, 1, H, W)

    Raises:
        ValueError: for shapes that do not match.
    """
    view = view_source(depth, source_from_target, intrinsics)
    grid = pixel_grid(depth.shape[2], depth.shape[3], depth.device)
    return view.position - grid, view.valid


def sample(image: Tensor, view: SourceView, padding: Padding, *, align_corners: bool) -> Tensor:
    """Return ``image`` at the view's coordinates, bilinearly. # (B, C, H, W).

    Raises:
        ValueError: if the image's size or batch is not the view's.
    """
    expected = (len(view.depth), *view.depth.shape[2:])
    if image.ndim != 4 or (len(image), *image.shape[2:]) != expected:
        raise ValueError(
            f"image must be (B, C, H, W) with B, H, W = {expected} of the depth, "
            f"got {tuple(image.shape)}"
        )
    return F.grid_sample(
        image, view.grid, mode="bilinear", padding_mode=padding, align_corners=align_corners
    )
