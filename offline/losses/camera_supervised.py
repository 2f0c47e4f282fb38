"""Supervised loss of ego-motion and intrinsics, in the unit of a depth whose scale is arbitrary."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from offline.losses.flow_supervised import endpoint_error
from offline.losses.reductions import mean_over
from scene_perception.geometry.camera import pixel_grid, project, unproject
from scene_perception.geometry.warp import rigid_flow

# Share of a unit of depth (1 / the mean inverse depth, some ten metres): below this, that is some
# ten centimetres, a translation's error counts absolutely.
_TRANSLATION_FLOOR = 0.01
# Likewise of flow, px.
_FLOW_FLOOR_PX = 1.0
# Points that a wrong pose carries through the camera's plane have flow without bound.
_LARGEST_ERROR = 10.0


def rotation_loss(predicted: Tensor, truth: Tensor) -> Tensor:
    """Return the mean angle between rotations about the camera's axes, degrees, summed.

    That is the axis times the sine of the angle that remains: smooth, and right below some tens
    of degrees.

    Args:
        predicted: transforms. # (B, 4, 4)
        truth: likewise; a sample with anything but finite numbers does not count.
    """
    known, target = _known_transforms(truth)
    rest = target[:, :3, :3].transpose(1, 2) @ predicted[:, :3, :3].float()
    twice = torch.stack(
        [
            rest[:, 2, 1] - rest[:, 1, 2],
            rest[:, 0, 2] - rest[:, 2, 0],
            rest[:, 1, 0] - rest[:, 0, 1],
        ],
        1,
    )
    return mean_over((twice / 2).abs().sum(1) * (180 / math.pi), known)


def translation_loss(predicted: Tensor, truth: Tensor, scale: Tensor) -> Tensor:
    """Return the mean relative error of translations, of direction and length alike.

    Args:
        predicted: transforms, translation in units of the network's depth. # (B, 4, 4)
        truth: in metres; a sample with anything but finite numbers does not count. # (B, 4, 4)
        scale: units a metre; a sample with anything but a finite positive number does not count.
            # (B,)
    """
    known, target = _known_transforms(truth)
    known = known & scale.isfinite() & (scale > 0)
    wanted = target[:, :3, 3] * scale.masked_fill(~known, 1)[:, None]
    error = endpoint_error(predicted[:, :3, 3, None, None] / _TRANSLATION_FLOOR,
                           wanted[..., None, None] / _TRANSLATION_FLOOR)[:, 0, 0, 0]  # fmt: skip
    return mean_over(error / (wanted.norm(dim=1) / _TRANSLATION_FLOOR + 1), known)


def intrinsics_loss(predicted: Tensor, truth: Tensor, height: int, width: int) -> Tensor:
    """Return the mean relative error of focal lengths and, by the size, of the principal point.

    Args:
        predicted: K, px. # (B, 3, 3)
        truth: a sample with anything but finite numbers does not count. # (B, 3, 3)
        height: of the image, px.
        width: of the image, px.
    """
    known = _finite(truth)
    target = torch.where(known[:, None, None], truth, torch.eye(3, device=truth.device)).float()
    error = (predicted.float() - target).abs()
    errors = [
        error[:, 0, 0] / target[:, 0, 0],
        error[:, 1, 1] / target[:, 1, 1],
        error[:, 0, 2] / width,
        error[:, 1, 2] / height,
    ]
    return mean_over(torch.stack(errors, 1).mean(1), known)


def rigid_flow_loss(
    transform: Tensor, intrinsics: Tensor, depth: Tensor, truth: Tensor, known: Tensor
) -> Tensor:
    """Return the mean relative end-point error of the flow that the camera's motion explains.

    Relative, as a motion mask compares flows by their ratio: of what hardly moves, a small error
    matters as well. The divisor is the truth's length and 1 px. An error counts tenfold at most.

    Args:
        transform: source from target, translation in units of ``depth``. # (B, 4, 4)
        intrinsics: K, px. # (B, 3, 3)
        depth: of the target; anything where it is not known. # (B, 1, H, W)
        truth: the flow of the true motion and K, px. # (B, 2, H, W)
        known: bool. # (B, 1, H, W)
    """
    there = torch.where(known, depth, 1.0)
    predicted = rigid_flow(there, transform.float(), intrinsics.float())
    target = truth.masked_fill(~known, 0)
    length = target.square().sum(1, keepdim=True).sqrt()
    error = endpoint_error(predicted, target) / (length + _FLOW_FLOOR_PX)
    return mean_over(error.clamp(max=_LARGEST_ERROR), known)


def true_rigid_flow(depth: Tensor, transform: Tensor, intrinsics: Tensor) -> tuple[Tensor, Tensor]:
    """Return the flow of a static world, px, and where it is known.

    Not known is that of points that the source camera has behind it, or far outside its image.

    Args:
        depth: metres, 0 where not known. # (B, 1, H, W)
        transform: source from target; a sample that is not finite is not known. # (B, 4, 4)
        intrinsics: K, px; likewise. # (B, 3, 3)
    """
    there, motion = _known_transforms(transform)
    there = there & _finite(intrinsics)
    camera = torch.where(
        there[:, None, None], intrinsics, torch.eye(3, device=depth.device)
    ).float()
    known = (depth > 0) & there[:, None, None, None]
    points = unproject(torch.where(known, depth, 1.0), camera)
    moved = (motion[:, :3, :3] @ points.flatten(2) + motion[:, :3, 3:]).view_as(points)
    height, width = depth.shape[2:]
    flow = project(moved, camera) - pixel_grid(height, width, depth.device)
    near = flow.abs().amax(1, keepdim=True) < max(height, width)
    return flow, known & near & (moved[:, 2:] > 0)


def _known_transforms(truth: Tensor) -> tuple[Tensor, Tensor]:
    """Return which transforms are finite, and them with the identity for the others."""
    known = _finite(truth)
    return known, torch.where(
        known[:, None, None], truth, torch.eye(4, device=truth.device)
    ).float()


def _finite(matrices: Tensor) -> Tensor:
    return matrices.flatten(1).isfinite().all(1)
