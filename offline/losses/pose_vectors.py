"""Insta-DM's other ways between pose vectors and transforms (``rigid_warp.py``).

Its pose networks return ``tx ty tz rx ry rz``, which ``geometry.se3.pose_matrix`` reads.
"""

from __future__ import annotations

import torch
from torch import Tensor

from scene_perception.geometry.se3 import inverse, pose_matrix

_GIMBAL_LOCK = 1e-6  # below it, rotations about x and z cannot be told apart


def quaternion_pose_matrix(pose: Tensor) -> Tensor:
    """Return the transform of ``tx ty tz qx qy qz``. # (B, 6) -> (B, 4, 4).

    The quaternion has w = 1 and is normalised then (``rotation_mode="quat"``).

    Raises:
        ValueError: for another shape.
    """
    if pose.ndim != 2 or pose.shape[1] != 6:
        raise ValueError(f"pose must be (B, 6), got {tuple(pose.shape)}")
    quaternion = torch.cat([torch.ones_like(pose[:, :1]), pose[:, 3:]], 1)
    w, x, y, z = (quaternion / quaternion.norm(dim=1, keepdim=True)).unbind(1)
    tx, ty, tz = pose[:, :3].unbind(1)
    zero, one = torch.zeros_like(tx), torch.ones_like(tx)
    rows = [
        [w * w + x * x - y * y - z * z, 2 * (x * y - w * z), 2 * (x * z + w * y), tx],
        [2 * (x * y + w * z), w * w - x * x + y * y - z * z, 2 * (y * z - w * x), ty],
        [2 * (x * z - w * y), 2 * (y * z + w * x), w * w - x * x - y * y + z * z, tz],
        [zero, zero, zero, one],
    ]
    return torch.stack([element for row in rows for element in row], 1).view(-1, 4, 4)


def opposite_angles(rotation: Tensor) -> Tensor:
    """Return rx, ry, rz with ``Rz(rz) Ry(ry) Rx(rx)`` = the rotation. # (B, 3, 3) -> (B, 3).

    Poses are composed as Rx Ry Rz, so this is the way back for one axis alone, and near it
    for small angles; rz is 0 in gimbal lock.
    """
    cosine = rotation[:, :2, 0].norm(dim=1)
    rx = torch.atan2(rotation[:, 2, 1], rotation[:, 2, 2])
    ry = torch.atan2(-rotation[:, 2, 0], cosine)
    rz = torch.atan2(rotation[:, 1, 0], rotation[:, 0, 0])
    locked = cosine < _GIMBAL_LOCK
    locked_rx = torch.atan2(-rotation[:, 1, 2], rotation[:, 1, 1])
    rx, rz = torch.where(locked, locked_rx, rx), torch.where(locked, torch.zeros_like(rz), rz)
    return torch.stack([rx, ry, rz], 1)


def published_inverse(transform: Tensor) -> Tensor:
    """Return the inverse as the published forward warp uses it. # (B, 4, 4).

    It passes through angles read in the opposite order, which leaves a small rotation where
    the transform turns about more than one axis.
    """
    back = inverse(transform)
    vector = torch.cat([back[:, :3, 3], opposite_angles(back[:, :3, :3])], 1)
    return pose_matrix(vector, clip=False)
