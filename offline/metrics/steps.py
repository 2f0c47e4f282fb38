"""Camera motion step by step: how far each rotation and each direction is off."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from offline.metrics.checks import transforms

Angles = NDArray[np.float64]
_STANDING_M = 1e-3


def step_errors(
    next_from_current: NDArray[Any], world_from_camera: NDArray[Any]
) -> tuple[Angles, Angles]:
    """Return the angle between predicted and true rotation, and between the directions.

    Args:
        next_from_current: prediction, any unit. # (>= N - 1, 4, 4)
        world_from_camera: truth, m. # (N, 4, 4)

    Returns:
        Degrees; the direction's is NaN where the truth moves less than a millimetre or the
        prediction not at all. # (N - 1,), (N - 1,)

    Raises:
        ValueError: for other shapes, or what is not finite.
    """
    truth = transforms("true poses", world_from_camera)
    known = np.linalg.inv(truth[1:]) @ truth[:-1]
    steps = transforms("steps", next_from_current)[: len(known)]
    between = steps[:, :3, :3] @ known[:, :3, :3].transpose(0, 2, 1)
    turned, moved = _camera_moves(steps), _camera_moves(known)
    directions = _angle(np.cross(turned, moved), (turned * moved).sum(axis=1))
    still = (np.linalg.norm(moved, axis=1) < _STANDING_M) | ~turned.any(axis=1)
    return _rotation_angle(between), np.where(still, np.nan, directions)


def _camera_moves(next_from_current: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return where the camera goes, in its own axes. # (N, 4, 4) -> (N, 3)."""
    return np.asarray(np.linalg.inv(next_from_current)[:, :3, 3])


def _rotation_angle(rotation: NDArray[np.float64]) -> Angles:
    """Return degrees, accurate near 0 as well. # (N, 3, 3) -> (N,)."""
    r = rotation
    axis = np.stack(
        [r[:, 2, 1] - r[:, 1, 2], r[:, 0, 2] - r[:, 2, 0], r[:, 1, 0] - r[:, 0, 1]], axis=1
    )
    return _angle(axis, np.trace(rotation, axis1=1, axis2=2) - 1)


def _angle(across: NDArray[np.float64], along: NDArray[np.float64]) -> Angles:
    return np.asarray(np.degrees(np.arctan2(np.linalg.norm(across, axis=1), along)))
