"""The ground below a camera: a robust plane through points whose depth may have any scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_REFINEMENTS = 3


@dataclass(frozen=True, eq=False)
class GroundPlane:
    """A plane ``normal . p = height`` below the camera, in its optical frame.

    Attributes:
        normal: unit vector from the camera to the plane. # (3,)
        height: distance of the camera from the plane, in the points' unit.
        inliers: fraction of the points that lie on the plane.
    """

    normal: Array
    height: float
    inliers: float


def fit_ground_plane(
    points: Array,
    *,
    tolerance: float = 0.1,
    max_tilt_rad: float = np.pi / 6,
    min_inliers: float = 0.5,
    hypotheses: int = 64,
    seed: int = 0,
) -> GroundPlane | None:
    """Fit a plane that is roughly below the camera, by RANSAC and least squares.

    A plane off the origin is ``m . p = 1`` with ``m = normal / height``. The residual
    ``m . p - 1`` is the distance from the plane in heights and equals the relative error of
    a point's depth, near or far; hence one tolerance for every point and every scale.

    Args:
        points: in an optical frame (x right, y down, z forward), any unit. # (N, 3)
        tolerance: largest residual of an inlier, in heights.
        max_tilt_rad: largest angle between the normal and the image's down axis.
        min_inliers: smallest fraction of the points that the plane must explain.
        hypotheses: number of planes tried, each through three random points.
        seed: of the random choice; equal arguments give equal planes.

    Returns:
        The plane, or None where no plane within ``max_tilt_rad`` has enough inliers.

    Raises:
        ValueError: for points of another shape.
    """
    if points.ndim != 2 or points.shape[1] != 3:
        raise ValueError(f"points must be (N, 3), got {points.shape}")
    if len(points) < 3:
        return None
    planes = _planes_through_triplets(points, hypotheses, seed)
    planes = planes[_tilt(planes) <= max_tilt_rad]
    if not len(planes):
        return None
    votes = (np.abs(points @ planes.T - 1) < tolerance).sum(axis=0)
    plane = _refine(points, planes[votes.argmax()], tolerance)
    inliers = float((np.abs(points @ plane - 1) < tolerance).mean())
    if inliers < min_inliers or _tilt(plane[None])[0] > max_tilt_rad:
        return None
    length = float(np.linalg.norm(plane))
    return GroundPlane(normal=plane / length, height=1 / length, inliers=inliers)


def _planes_through_triplets(points: Array, count: int, seed: int) -> Array:
    """Return ``m`` of planes through random triplets, without degenerate ones. # (<= count, 3)."""
    chosen = np.random.default_rng(seed).integers(0, len(points), (count, 3))
    a, b, c = points[chosen].transpose(1, 0, 2)
    bc = np.cross(b, c)
    volume = np.einsum("ij,ij->i", a, bc)
    with np.errstate(divide="ignore", invalid="ignore"):
        planes = (bc + np.cross(c, a) + np.cross(a, b)) / volume[:, None]
    return np.asarray(planes[np.isfinite(planes).all(axis=1)])


def _tilt(planes: Array) -> Array:
    """Return the angle of each normal to the image's down axis, rad. # (N, 3) -> (N,)."""
    return np.arctan2(np.hypot(planes[:, 0], planes[:, 2]), planes[:, 1])


def _refine(points: Array, plane: Array, tolerance: float) -> Array:
    """Return the least-squares plane of the inliers, found again after each solution."""
    for _ in range(_REFINEMENTS):
        near = points[np.abs(points @ plane - 1) < tolerance]
        plane = np.linalg.pinv(near.T @ near) @ near.sum(axis=0)
    return plane
