"""Rigid motions of points to where a stereo camera sees them, and how well they fit; many at once.

Closed form in space (Kabsch), and Gauss-Newton on the error in column, row and disparity.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scene_perception.geometry.stereo_camera import StereoCamera

NEAREST_M = 1e-6
_BATCH = 16  # motions whose errors are computed at once: they stay in the cache
# Relative to the trace: keeps a motion finite that points do not determine.
_DAMPING = 1e-10

Array = NDArray[np.float64]


def triangulated(observed: Array, camera: StereoCamera) -> Array:
    """Return the points that are seen at column, row and disparity. # (..., 3) -> (..., 3)."""
    left = camera.left
    depth = camera.focal_baseline / (observed[..., 2] - camera.zero_disparity_px)
    x, y = (observed[..., 0] - left.cx) / left.fx, (observed[..., 1] - left.cy) / left.fy
    result: Array = np.stack([x * depth, y * depth, depth], axis=-1)
    return result


def aligning_motions(points: Array, targets: Array) -> Array:
    """Return the rigid motions that align point sets best (Kabsch). # (B, N, 3) -> (B, 4, 4)."""
    centre, target_centre = points.mean(1), targets.mean(1)
    covariance = (points - centre[:, None]).transpose(0, 2, 1) @ (targets - target_centre[:, None])
    u, _, vt = np.linalg.svd(covariance)
    # The third axis is turned where the best orthogonal matrix is a reflection.
    vt[:, 2] *= np.sign(np.linalg.det(u) * np.linalg.det(vt))[:, None]
    rotation = (u @ vt).transpose(0, 2, 1)
    moved_centre = np.einsum("bij,bj->bi", rotation, centre)
    return _transforms(rotation, target_centre - moved_centre)


def linearised(
    motions: Array, points: Array, observed: Array, camera: StereoCamera
) -> tuple[Array, Array]:
    """Return errors in column, row and disparity, and their derivative by a further motion.

    Args:
        motions: # (B, 4, 4)
        points: m. # (B, N, 3)
        observed: px. # (B, N, 3)
        camera: that observes.

    Returns:
        Residual, px (B, 3, N); derivative by translation and rotation vector (B, 6, 3, N).
    """
    left = camera.left
    moved = motions[:, :3, :3] @ points.transpose(0, 2, 1) + motions[:, :3, 3:]
    nearness = 1 / np.maximum(moved[:, 2], NEAREST_M)
    a, b = moved[:, 0] * nearness, moved[:, 1] * nearness
    disparity = camera.focal_baseline * nearness
    residual = np.stack([left.fx * a, left.fy * b, disparity], axis=1)
    jacobian = np.zeros((len(points), 6, 3, points.shape[1]))
    jacobian[:, 0, 0] = left.fx * nearness
    jacobian[:, 1, 1] = left.fy * nearness
    np.multiply(residual, -nearness[:, None], out=jacobian[:, 2])
    np.multiply(residual, -b[:, None], out=jacobian[:, 3])
    jacobian[:, 3, 1] -= left.fy
    np.multiply(residual, a[:, None], out=jacobian[:, 4])
    jacobian[:, 4, 0] += left.fx
    jacobian[:, 5, 0] = -left.fx * b
    jacobian[:, 5, 1] = left.fy * a
    residual += np.array([[left.cx], [left.cy], [camera.zero_disparity_px]])
    residual -= observed.transpose(0, 2, 1)
    return residual, jacobian


def gauss_newton_step(motions: Array, residual: Array, jacobian: Array, weights: Array) -> Array:
    """Return motions (B, 4, 4) after one Gauss-Newton step, points weighted by (B, N)."""
    count = len(motions)
    weighted = (jacobian * weights[:, None, None]).reshape(count, 6, -1)
    normal = weighted @ jacobian.reshape(count, 6, -1).transpose(0, 2, 1)
    gradient = weighted @ residual.reshape(count, -1, 1)
    damping = _DAMPING * np.trace(normal, axis1=1, axis2=2) + np.finfo(float).tiny
    step = -np.linalg.solve(normal + damping[:, None, None] * np.eye(6), gradient)[..., 0]
    result: Array = _transforms(_small_rotations(step[:, 3:]), step[:, :3]) @ motions
    return result


def squared_errors(motions: Array, points: Array, observed: Array, camera: StereoCamera) -> Array:
    """Return the squared error of each point under each motion, px^2. # (B, N).

    Args:
        motions: # (B, 4, 4)
        points: m, the same for each motion. # (N, 3)
        observed: column, row and disparity, px. # (N, 3)
        camera: that observes.
    """
    homogeneous = np.vstack([points.T, np.ones(len(points))])
    matrices = camera.projection() @ motions
    result = np.zeros((len(motions), len(points)))
    # One allocation: fresh pages cost more than the arithmetic in them.
    place, nearness = np.empty((2, min(_BATCH, len(motions)), len(points)))
    for start in range(0, len(motions), _BATCH):
        batch, squared = matrices[start : start + _BATCH], result[start : start + _BATCH]
        place, nearness = (a[: len(batch)] for a in (place, nearness))
        # What is behind the camera lands far outside and agrees with nothing.
        np.maximum(np.matmul(batch[:, 3], homogeneous, out=nearness), NEAREST_M, out=nearness)
        np.reciprocal(nearness, out=nearness)
        for axis in range(3):
            np.matmul(batch[:, axis], homogeneous, out=place)
            place *= nearness
            place -= observed[:, axis]
            place *= place
            squared += place
    return result


def disagreement(squared: Array, scale_px: float) -> Array:
    """Return how little points agree with each motion: the mean of ``e^2 / (e^2 + scale^2)``.

    Geman and McClure's error. Truncated squares would prefer a compromise between two groups of
    points that move a little differently to the motion of the larger group.

    Args:
        squared: errors, px^2. # (B, N)
        scale_px: error that counts one half.

    Returns:
        0 = all agree, 1 = none does. # (B,)
    """
    result: Array = (squared / (squared + scale_px**2)).mean(1)
    return result


def _small_rotations(vectors: Array) -> Array:
    """Return rotations that agree with rotation vectors to second order (Cayley's map)."""
    half = vectors / 2
    x, y, z = half.T
    zero = np.zeros_like(x)
    cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=-1).reshape(-1, 3, 3)
    scale = 2 / (1 + np.einsum("bi,bi->b", half, half))
    result: Array = np.eye(3) + scale[:, None, None] * (cross + cross @ cross)
    return result


def _transforms(rotation: Array, translation: Array) -> Array:
    result = np.zeros((len(rotation), 4, 4))
    result[:, :3, :3], result[:, :3, 3], result[:, 3, 3] = rotation, translation, 1.0
    return result
