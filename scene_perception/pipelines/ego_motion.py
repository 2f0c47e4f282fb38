"""From a network's pose vector to the camera's velocity."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from scene_perception.frame import EgoMotion, MetricScale
from scene_perception.geometry.se3 import inverse, pose_matrix, rotation_vector


@torch.inference_mode()
def ego_motion(pose_next: NDArray[np.float32], scale: MetricScale, elapsed_s: float) -> EgoMotion:
    """Return the camera's mean velocity between two frames.

    The pose moves points from the current into the next frame; the camera itself moves by
    its inverse. Both velocities are in the current frame's optical axes.

    Args:
        pose_next: ``tx ty tz rx ry rz``, translation in units of the network's depth. # (6,)
        scale: of the translation.
        elapsed_s: between the two frames.

    Raises:
        ValueError: if ``elapsed_s`` is not positive.
    """
    if not elapsed_s > 0:
        raise ValueError(f"elapsed_s must be > 0, got {elapsed_s}")
    pose = torch.as_tensor(pose_next, dtype=torch.float64)
    units = torch.tensor([scale.factor] * 3 + [1.0] * 3, dtype=torch.float64)
    next_from_current = pose_matrix((pose * units)[None])[0]
    camera = inverse(next_from_current)
    return EgoMotion(
        next_from_current=next_from_current.numpy(),
        linear_m_s=(camera[:3, 3] / elapsed_s).numpy(),
        angular_rad_s=(rotation_vector(camera[:3, :3]) / elapsed_s).numpy(),
        scale=scale,
    )
