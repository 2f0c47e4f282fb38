"""KITTI's odometry errors: relative motion over 100 ... 800 m of a drive."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from offline.metrics.checks import transforms

# As in the development kit: lengths of segments, and frames between their starts.
LENGTHS_M = (100, 200, 300, 400, 500, 600, 700, 800)
STEP = 10

Transforms = NDArray[np.float64]


def segment_errors(poses: NDArray[Any], truth: NDArray[Any]) -> dict[str, float]:
    """Return ``t_rel`` [%] and ``r_rel`` [deg / 100 m] as KITTI's odometry kit does.

    From every tenth frame, over 100, 200, ... 800 m of the true path: the relative motion's
    error in translation and rotation, divided by the length; the mean over all segments.

    Args:
        poses: of the truth's unit. # (N, 4, 4)
        truth: m. # (N, 4, 4)

    Raises:
        ValueError: for a trajectory that has no segment of 100 m.
    """
    poses, truth = transforms("poses", poses), transforms("true poses", truth)
    first, last, length = _segments(truth)
    if not first.size:
        raise ValueError(
            "trajectory must be longer than 100 m for t_rel and r_rel, "
            f"got {path_lengths(truth)[-1]:.1f} m; ATE takes any length"
        )
    true_motion = np.linalg.inv(truth[first]) @ truth[last]
    error = np.linalg.inv(np.linalg.inv(poses[first]) @ poses[last]) @ true_motion
    angle = np.arccos(np.clip((np.trace(error[:, :3, :3], axis1=1, axis2=2) - 1) / 2, -1, 1))
    distance = np.linalg.norm(error[:, :3, 3], axis=1)
    return {
        "t_rel": float(100 * np.mean(distance / length)),
        "r_rel": float(100 * np.rad2deg(np.mean(angle / length))),
    }


def path_lengths(truth: Transforms) -> NDArray[np.float64]:
    """Return the distance driven up to each frame, m. # (N,)."""
    steps = np.linalg.norm(np.diff(truth[:, :3, 3], axis=0), axis=1)
    return np.concatenate([[0.0], np.cumsum(steps)])


def _segments(
    truth: Transforms,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return the first and last frame and the length of each segment. # (S,), (S,), (S,)."""
    path = path_lengths(truth)
    first, length = (
        grid.ravel()
        for grid in np.meshgrid(np.arange(0, len(truth), STEP), LENGTHS_M, indexing="ij")
    )
    last = np.searchsorted(path, path[first] + length, side="right")
    inside = last < len(truth)
    return first[inside], last[inside], length[inside].astype(np.float64)


def has_segments(truth: Transforms) -> bool:
    """Return whether a trajectory has a segment of 100 m. # (N, 4, 4)."""
    return bool(_segments(truth)[0].size)
