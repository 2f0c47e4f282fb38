"""Moving a trajectory onto its truth, where its unit or its first pose is arbitrary."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from offline.metrics.checks import transforms

ALIGNMENTS = ("sim3", "se3", "scale", "none")

Transforms = NDArray[np.float64]


def aligned(poses: NDArray[Any], truth: NDArray[Any], alignment: str) -> Transforms:
    """Return poses moved onto their truth by the least squares of positions (Umeyama 1991).

    Args:
        poses: # (N, 4, 4)
        truth: # (N, 4, 4)
        alignment: ``sim3`` rotates, shifts and scales, ``se3`` does not scale, ``scale`` makes
            the first poses equal and scales the rest, ``none`` does nothing.

    Raises:
        ValueError: for another alignment or shape, or positions that do not determine it.
    """
    if alignment not in ALIGNMENTS:
        raise ValueError(f"alignment must be one of {', '.join(ALIGNMENTS)}, got {alignment!r}")
    poses, truth = transforms("poses", poses), transforms("true poses", truth)
    if poses.shape != truth.shape:
        raise ValueError(f"poses must be {truth.shape} as their truth is, got {poses.shape}")
    if alignment == "none":
        return poses
    if alignment == "scale":
        poses = truth[0] @ np.linalg.inv(poses[0]) @ poses
        start = truth[0, :3, 3]
        moved, known = poses[:, :3, 3] - start, truth[:, :3, 3] - start
        rotation, shift, scale = np.eye(3), start, _ratio((known * moved).sum(), (moved**2).sum())
        return _moved(poses, rotation, shift - scale * start, scale)
    return _moved(poses, *_umeyama(poses[:, :3, 3], truth[:, :3, 3], scaled=alignment == "sim3"))


def _umeyama(
    points: NDArray[np.float64], truth: NDArray[np.float64], *, scaled: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Return rotation, shift and scale that take ``points`` to ``truth``. # (N, 3), (N, 3)."""
    middle, true_middle = points.mean(axis=0), truth.mean(axis=0)
    centred, true_centred = points - middle, truth - true_middle
    left, strength, right = np.linalg.svd(true_centred.T @ centred)
    sign = np.array([1.0, 1.0, np.sign(np.linalg.det(left) * np.linalg.det(right))])
    rotation = left * sign @ right
    scale = _ratio((strength * sign).sum(), (centred**2).sum()) if scaled else 1.0
    return rotation, true_middle - scale * rotation @ middle, scale


def _ratio(product: float, power: float) -> float:
    if not (product > 0 and power > 0):
        raise ValueError(
            "trajectory must move, in the prediction and in the truth, to be scaled: "
            f"got a product of {product:g} and a square of {power:g}"
        )
    return float(product / power)


def _moved(
    poses: Transforms, rotation: NDArray[np.float64], shift: NDArray[np.float64], scale: float
) -> Transforms:
    moved = poses.copy()
    moved[:, :3, :3] = rotation @ poses[:, :3, :3]
    moved[:, :3, 3] = scale * poses[:, :3, 3] @ rotation.T + shift
    return moved
