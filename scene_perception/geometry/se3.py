"""Rigid motions: pose vectors, axis and angle, 4x4 transforms, inverse and product."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def pose_matrix(pose: Tensor, *, clip: bool = True) -> Tensor:
    """Return the transform of a pose vector ``tx ty tz rx ry rz``. # (B, 6) -> (B, 4, 4).

    ``R = Rx(rx) Ry(ry) Rz(rz)``, right-handed, angles in radians; the translation keeps its unit.

    Args:
        pose: the vectors.
        clip: angles to [-pi, pi], as OmegaNet does (``helpers/bilinear_sampler.py``).

    Raises:
        ValueError: for another shape.
    """
    if pose.ndim != 2 or pose.shape[1] != 6:
        raise ValueError(f"pose must be (B, 6), got {tuple(pose.shape)}")
    angles = pose[:, 3:].clamp(-math.pi, math.pi) if clip else pose[:, 3:]
    (sx, sy, sz), (cx, cy, cz) = angles.sin().unbind(1), angles.cos().unbind(1)
    tx, ty, tz = pose[:, :3].unbind(1)
    zero, one = torch.zeros_like(tx), torch.ones_like(tx)
    rows = [
        [cy * cz, -cy * sz, sy, tx],
        [cx * sz + sx * sy * cz, cx * cz - sx * sy * sz, -sx * cy, ty],
        [sx * sz - cx * sy * cz, sx * cz + cx * sy * sz, cx * cy, tz],
        [zero, zero, zero, one],
    ]
    return torch.stack([element for row in rows for element in row], 1).view(-1, 4, 4)


def axis_angle_matrix(axis_angle: Tensor, translation: Tensor) -> Tensor:
    """Return the transform that turns about an axis, then translates. # 2 x (B, 3) -> (B, 4, 4).

    Rodrigues' formula as SGDepth's pose network uses it (``models/sgdepth.py``): the angle in
    radians is the vector's length, the axis the vector divided by that plus 1e-7; so the
    gradient at 0 is 0. The translation keeps its unit.

    Raises:
        ValueError: for another shape.
    """
    if axis_angle.ndim != 2 or axis_angle.shape[1] != 3 or translation.shape != axis_angle.shape:
        raise ValueError(
            "axis_angle and translation must both be (B, 3), "
            f"got {tuple(axis_angle.shape)} and {tuple(translation.shape)}"
        )
    angle = axis_angle.norm(dim=1, keepdim=True)
    axis = axis_angle / (angle + 1e-7)
    cosine, (sx, sy, sz) = angle.cos(), (axis * angle.sin()).unbind(1)
    versine = 1 - cosine
    xx, yy, zz = (versine * axis * axis + cosine).unbind(1)
    following = torch.cat([axis[:, 1:], axis[:, :1]], 1)
    xy, yz, zx = (versine * axis * following).unbind(1)
    tx, ty, tz = translation.unbind(1)
    zero, one = torch.zeros_like(tx), torch.ones_like(tx)
    rows = [
        [xx, xy - sz, zx + sy, tx],
        [xy + sz, yy, yz - sx, ty],
        [zx - sy, yz + sx, zz, tz],
        [zero, zero, zero, one],
    ]
    return torch.stack([element for row in rows for element in row], 1).view(-1, 4, 4)


def inverse(transform: Tensor) -> Tensor:
    """Return ``b_from_a`` of the rigid transform ``a_from_b``. # (..., 4, 4)."""
    rotation = transform[..., :3, :3].transpose(-1, -2)
    translation = -rotation @ transform[..., :3, 3:]
    return torch.cat([torch.cat([rotation, translation], -1), transform[..., 3:, :]], -2)


def compose(c_from_b: Tensor, b_from_a: Tensor) -> Tensor:
    """Return ``c_from_a``. # (..., 4, 4)."""
    return c_from_b @ b_from_a


def rotation_vector(rotation: Tensor) -> Tensor:
    """Return axis times angle in [0, pi] of a rotation matrix. # (..., 3, 3) -> (..., 3).

    Goes through the quaternion, which stays accurate near 0 and near pi. Of the four rows
    of ``4 q q^T``, all multiples of the quaternion, the one with the largest entry is used.
    """
    r = rotation
    x, y, z = r[..., 2, 1] - r[..., 1, 2], r[..., 0, 2] - r[..., 2, 0], r[..., 1, 0] - r[..., 0, 1]
    xy, xz, yz = (
        r[..., 0, 1] + r[..., 1, 0],
        r[..., 0, 2] + r[..., 2, 0],
        r[..., 1, 2] + r[..., 2, 1],
    )
    a, b, c = r[..., 0, 0], r[..., 1, 1], r[..., 2, 2]
    rows = [
        [1 + a + b + c, x, y, z],
        [x, 1 + a - b - c, xy, xz],
        [y, xy, 1 - a + b - c, yz],
        [z, xz, yz, 1 - a - b + c],
    ]
    products = torch.stack([torch.stack(row, -1) for row in rows], -2)
    best = products.diagonal(dim1=-2, dim2=-1).argmax(-1)[..., None, None]
    quaternion = products.take_along_dim(best, -2).squeeze(-2)
    quaternion = quaternion / quaternion.norm(dim=-1, keepdim=True)
    quaternion = torch.where(quaternion[..., :1] < 0, -quaternion, quaternion)
    vector = quaternion[..., 1:]
    sine = vector.norm(dim=-1, keepdim=True)
    angle = 2 * torch.atan2(sine, quaternion[..., :1])
    return vector * torch.where(sine > 0, angle / sine.clamp(min=torch.finfo(sine.dtype).tiny), 2.0)
