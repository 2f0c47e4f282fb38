"""Camera motion against a drive's poses: errors over five frames, the whole drive, 100..800 m.

Poses are rigid transforms ``world_from_camera``, steps are ``next_from_current``. Where a
network's unit is arbitrary, trajectories are aligned with their truth first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offline.metrics.alignment import ALIGNMENTS, aligned
from offline.metrics.checks import transforms
from offline.metrics.segments import has_segments, path_lengths, segment_errors

Transforms = NDArray[np.float64]


@dataclass(frozen=True)
class TrajectoryProtocol:
    """How a trajectory is scored.

    Attributes:
        window: frames of the short windows.
        alignment: of the whole trajectory with its truth, see ``aligned``.
    """

    window: int = 5
    alignment: str = "sim3"

    def __post_init__(self) -> None:
        if self.window < 2 or self.alignment not in ALIGNMENTS:
            raise ValueError(
                f"window must be >= 2 and alignment one of {', '.join(ALIGNMENTS)}, "
                f"got {self.window} and {self.alignment!r}"
            )

    def words(self) -> str:
        """Return every setting in words."""
        return (
            f"windows of {self.window} frames, each scaled to its truth, error is the norm over "
            f"all coordinates / {self.window}; whole trajectory aligned by {self.alignment}, root "
            "mean square of the distances; t_rel and r_rel over 100 ... 800 m from every tenth "
            "frame as in KITTI's odometry kit"
        )


def score_trajectory(
    next_from_current: NDArray[Any], world_from_camera: NDArray[Any], protocol: TrajectoryProtocol
) -> dict[str, float]:
    """Return all errors of one drive.

    ``ate_mean``, ``ate_std``: over the windows, m. ``ate``: of the whole trajectory, m.
    ``t_rel`` [%], ``r_rel`` [deg / 100 m]: only of a drive longer than 100 m. ``length_m`` and
    ``frames`` of the truth.

    Args:
        next_from_current: prediction; those beyond the truth are not used. # (>= N - 1, 4, 4)
        world_from_camera: truth, m. # (N, 4, 4)
        protocol: the rules.

    Raises:
        ValueError: for other shapes, what is not finite, fewer frames than a window has, or a
            trajectory that cannot be aligned.
    """
    truth = transforms("true poses", world_from_camera)
    steps = _steps(next_from_current, len(truth))
    windows = window_errors(steps, truth, protocol.window)
    poses = aligned(chained_poses(steps), truth, protocol.alignment)
    length_m = float(path_lengths(truth)[-1])
    result = {
        "ate_mean": float(np.mean(windows)),
        "ate_std": float(np.std(windows)),
        "ate": trajectory_error(poses, truth),
    }
    if has_segments(truth):
        result.update(segment_errors(poses, truth))
    return {**result, "length_m": length_m, "frames": float(len(truth))}


def chained_poses(next_from_current: NDArray[Any]) -> Transforms:
    """Return the poses that steps lead to, in the first camera's frame.

    # (N - 1, 4, 4) -> (N, 4, 4)
    """
    poses = [np.eye(4)]
    for step in np.linalg.inv(transforms("steps", next_from_current)):
        poses.append(poses[-1] @ step)
    return np.stack(poses)


def window_errors(
    next_from_current: NDArray[Any], world_from_camera: NDArray[Any], window: int = 5
) -> NDArray[np.float64]:
    """Return SGDepth's trajectory error of every window, m. # (N - window + 1,).

    As published (after SfMLearner) steps are chained by right multiplication without being
    inverted, on both sides alike; positions are scaled to the truth by least squares; the error
    is the norm of all differences divided by the number of frames, no root mean square.

    Args:
        next_from_current: any unit. # (>= N - 1, 4, 4)
        world_from_camera: truth, m. # (N, 4, 4)
        window: frames.

    Raises:
        ValueError: for other shapes, what is not finite, or less than ``window`` frames.
    """
    truth = transforms("true poses", world_from_camera)
    if len(truth) < window:
        raise ValueError(f"trajectory must have at least {window} frames, got {len(truth)}")
    steps = _steps(next_from_current, len(truth))
    true_steps = np.asarray(np.linalg.inv(np.linalg.inv(truth[:-1]) @ truth[1:]))
    known, predicted = _positions(true_steps, window), _positions(steps, window)
    power = (predicted**2).sum(axis=(1, 2))
    # A prediction that stands still has no scale; any gives the same error.
    scale = (known * predicted).sum(axis=(1, 2)) / np.where(power > 0, power, 1)
    difference = predicted * scale[:, None, None] - known
    return np.asarray(np.sqrt((difference**2).sum(axis=(1, 2))) / window)


def trajectory_error(poses: NDArray[Any], truth: NDArray[Any]) -> float:
    """Return the root mean square distance of positions. # (N, 4, 4), (N, 4, 4)."""
    difference = poses[:, :3, 3] - truth[:, :3, 3]
    return float(np.sqrt((difference**2).sum(axis=1).mean()))


def _positions(steps: Transforms, window: int) -> NDArray[np.float64]:
    """Return where every run of ``window - 1`` steps passes. # (runs, window, 3)."""
    runs = len(steps) - window + 2
    pose = np.broadcast_to(np.eye(4), (runs, 4, 4))
    positions = [pose[:, :3, 3]]
    for index in range(window - 1):
        pose = pose @ steps[index : index + runs]
        positions.append(pose[:, :3, 3])
    return np.stack(positions, axis=1)


def _steps(next_from_current: NDArray[Any], frames: int) -> Transforms:
    steps = transforms("steps", next_from_current)
    if len(steps) < frames - 1:
        raise ValueError(
            f"steps must be at least {frames - 1}, one less than poses, got {len(steps)}"
        )
    return steps[: frames - 1]
