"""From a rigid transform to the camera's velocity."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from scene_perception.frame import EgoMotion, MetricScale


def ego_motion(
    next_from_current: NDArray[np.float32], scale: MetricScale, elapsed_s: float
) -> EgoMotion:
    """Return the camera's mean velocity between two frames from a network's transform.

    Args:
        next_from_current: of points, translation in units of the network's depth. # (4, 4)
        scale: of the translation.
        elapsed_s: from the current to the next frame.

    Raises:
        ValueError: if ``elapsed_s`` is 0 or not a number.
    """
    transform = next_from_current.astype(np.float64)
    transform[:3, 3] *= scale.factor
    return mean_velocity(transform, scale, elapsed_s)


def mean_velocity(
    next_from_current: NDArray[np.float64], scale: MetricScale, elapsed_s: float
) -> EgoMotion:
    """Return the camera's mean velocity between two frames from a rigid transform.

    The transform moves points from the current into the next frame; the camera itself moves
    by its inverse. Both velocities are in the current frame's optical axes.

    Args:
        next_from_current: of points, translation in metres or units. # (4, 4)
        scale: that the translation was multiplied with.
        elapsed_s: from the current to the next frame; negative where that one is earlier.

    Raises:
        ValueError: if ``elapsed_s`` is 0 or not a number.
    """
    if not abs(elapsed_s) > 0:
        raise ValueError(f"elapsed_s must not be 0, got {elapsed_s}")
    rotation = next_from_current[:3, :3].T
    return EgoMotion(
        next_from_current=next_from_current,
        linear_m_s=-rotation @ next_from_current[:3, 3] / elapsed_s,
        angular_rad_s=_rotation_vector(rotation) / elapsed_s,
        scale=scale,
    )


def _rotation_vector(rotation: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return axis times angle, for angles below pi: no camera turns by that in a frame.

    ``geometry.se3.rotation_vector`` holds up to pi, in ten times as many operations.
    """
    r = rotation
    axis = np.array([r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1]]) / 2
    sine = float(np.linalg.norm(axis))
    angle = math.atan2(sine, (float(np.trace(r)) - 1) / 2)
    return axis * (angle / sine) if sine > 0 else axis
