"""A stereo camera's own motion: the rigid motion that most points of the scene agree on.

Everything is measured in the image, as (column, row, disparity): there a stereo camera's noise
is alike for near and far points, while that of a point's depth grows with its square.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from scene_perception.geometry.alignment import (
    NEAREST_M,
    aligning_motions,
    disagreement,
    gauss_newton_step,
    linearised,
    squared_errors,
    triangulated,
)
from scene_perception.geometry.stereo_camera import StereoCamera

_SCALE = 0.2  # of inlier_px: hypotheses are told apart by errors well below it
_PREVIEW = 500  # points that decide which hypotheses are scored on all of them
_FINALISTS = 10  # of either score
_POLISHING = 2
_REFINEMENTS = 20
_CONVERGED_PX = 1e-3
# The motion of the exact half of the points wins over one that all agree with half as well.
_CLEARLY = 0.5
_FARTHEST = 1e6  # m and px: beyond it float64 loses what the fit needs
# The biweight's usual width, 5 standard deviations, in medians of a Gaussian error's length.
_REACH = 3.3
_SMALLEST_REACH_PX = 0.01
# A line of points that is no wider than its noise says nothing about a turn around it.
_SPREAD = 3.0

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RigidFit:
    """A motion and the points that agree with it.

    Attributes:
        next_from_current: rigid transform, m. # (4, 4)
        inliers: which points are seen within ``inlier_px`` of where it moves them. # (N,)
    """

    next_from_current: Array
    inliers: NDArray[np.bool_]


def fit_camera_motion(
    points: NDArray[Any],
    observed: NDArray[Any],
    camera: StereoCamera,
    *,
    inlier_px: float,
    hypotheses: int,
    min_share: float,
    seed: int = 0,
) -> RigidFit | None:
    """Fit the motion of points to where they are seen next, by RANSAC and Gauss-Newton.

    Each hypothesis is a fit to three points. The one that points agree with best is refined on
    all points that agree, chosen again after each step and weighted by Tukey's biweight, whose
    width follows the errors. The one with the least median error takes its place where that is
    clearly smaller: it is not drawn to a group that moves so little that it agrees as well.

    Args:
        points: in the current left optical frame, m. # (N, 3)
        observed: column, row and disparity at which they are seen next, px. Points that are
            not finite, not in front of the camera or seen at infinity agree with no motion.
            # (N, 3)
        camera: that observes, i.e. the next one.
        inlier_px: error below which a point agrees with a motion, px, > 0.
        hypotheses: motions that are tried, >= 1.
        min_share: of the usable points, which must agree, in (0, 1].
        seed: of the random choice; equal arguments give equal motions.

    Returns:
        The motion, or None where too few points agree on one, or they lie on one line.

    Raises:
        ValueError: for arrays of another shape, or settings out of range.
    """
    _check(points, observed, inlier_px, hypotheses, min_share)
    usable = _usable(points, observed, camera)
    here, seen = (a[usable].astype(np.float64) for a in (points, observed))
    if len(here) < 3:
        return None
    motions = _fits_to_triplets(here, seen, camera, hypotheses, seed)
    agreeing, middle = _best(motions, here, seen, camera, inlier_px)
    motion = _refine(agreeing, here, seen, camera, inlier_px)
    both = squared_errors(np.stack([motion, middle]), here, seen, camera)
    median, other_median = np.median(both, axis=1)
    if other_median < _CLEARLY**2 * median:
        motion = _refine(middle, here, seen, camera, inlier_px)
    agree = reprojection_error(here, seen, motion, camera) < inlier_px
    if agree.sum() < max(3, min_share * len(here)) or _spread(seen[agree]) < _SPREAD * inlier_px:
        return None
    inliers = usable.copy()
    inliers[usable] = agree
    return RigidFit(motion, inliers)


def reprojection_error(
    points: NDArray[Any], observed: NDArray[Any], next_from_current: Array, camera: StereoCamera
) -> NDArray[Any]:
    """Return how far from where a motion moves them points are observed, px.

    Args:
        points: in the current left optical frame, m, float. # (N, 3) or (H, W, 3)
        observed: column, row and disparity, px, of the same shape and dtype.
        next_from_current: rigid transform, m. # (4, 4)
        camera: that observes.

    Returns:
        Length of the difference in column, row and disparity; NaN where anything is unknown
        or the point is not in front of the camera then. # (N,) or (H, W)

    Raises:
        ValueError: for shapes that differ.
    """
    if points.shape != observed.shape or points.shape[-1] != 3:
        raise ValueError(
            f"points and observed must be (..., 3) of one shape, got {points.shape} and "
            f"{observed.shape}"
        )
    if not points.size:
        return np.zeros(points.shape[:-1], points.dtype)
    image = points if points.ndim == 3 else points[:, None]
    matrix = camera.projection() @ next_from_current
    # Two products: OpenCV is ten times as fast with three rows or one as with four.
    depth: NDArray[Any] = cv2.transform(image, matrix[3:]).reshape(*image.shape[:2], 1)
    depth[~(depth > 0)] = np.nan
    place: NDArray[Any] = cv2.transform(image, matrix[:3]).reshape(image.shape)
    with np.errstate(over="ignore", invalid="ignore"):
        place /= depth
        place -= observed.reshape(image.shape)
        place *= place
        squared = place[..., 0] + place[..., 1]
        squared += place[..., 2]
    error: NDArray[Any] = np.sqrt(squared, out=squared).reshape(points.shape[:-1])
    return error


def _check(
    points: NDArray[Any],
    observed: NDArray[Any],
    inlier_px: float,
    hypotheses: int,
    min_share: float,
) -> None:
    if points.ndim != 2 or points.shape[1] != 3 or observed.shape != points.shape:
        raise ValueError(
            f"points and observed must be (N, 3), got {points.shape} and {observed.shape}"
        )
    for name, value, rule, holds in (
        ("inlier_px", inlier_px, "> 0 px", inlier_px > 0),
        ("hypotheses", hypotheses, ">= 1", hypotheses >= 1),
        ("min_share", min_share, "in (0, 1]", 0 < min_share <= 1),
    ):
        if not holds:
            raise ValueError(f"{name} must be {rule}, got {value}")


def _usable(
    points: NDArray[Any], observed: NDArray[Any], camera: StereoCamera
) -> NDArray[np.bool_]:
    """Return which points can be computed with: known, finite, in front of both cameras."""
    bounded = (np.abs(points) < _FARTHEST).all(1) & (np.abs(observed) < _FARTHEST).all(1)
    result: NDArray[np.bool_] = (
        bounded & (points[:, 2] > NEAREST_M) & (observed[:, 2] > camera.zero_disparity_px)
    )
    return result


def _fits_to_triplets(
    points: Array, observed: Array, camera: StereoCamera, count: int, seed: int
) -> Array:
    """Return motions that each fit three random points. # (count, 4, 4)."""
    chosen = _triplets(len(points), count, seed)
    here, seen = points[chosen], observed[chosen]
    motions = aligning_motions(here, triangulated(seen, camera))
    # Depth noise makes the alignment of far points poor: the same three points in the image.
    equal = np.ones(chosen.shape)
    for _ in range(_POLISHING):
        motions = gauss_newton_step(motions, *linearised(motions, here, seen, camera), equal)
    return motions


def _triplets(size: int, count: int, seed: int) -> NDArray[np.intp]:
    """Return ``count`` random choices of three different numbers below ``size``."""
    generator = np.random.default_rng(seed)
    first = generator.integers(0, size, count)
    second, third = generator.integers(1, size, count), generator.integers(1, size - 1, count)
    third += third >= second
    return np.stack([first, first + second, first + third], axis=1) % size


def _best(
    motions: Array, points: Array, observed: Array, camera: StereoCamera, inlier_px: float
) -> Array:
    """Return the motion that points agree with best, and that of the least median error.

    # (B, 4, 4) -> (2, 4, 4)
    """
    few = slice(None, None, max(1, len(points) // _PREVIEW))
    here, seen = points[few], observed[few]
    preview = _scores(squared_errors(motions, here, seen, camera), inlier_px)
    finalists = motions[np.unique(np.argsort(preview, axis=1, kind="stable")[:, :_FINALISTS])]
    shape = (len(finalists), *here.shape)
    here, seen = np.broadcast_to(here, shape), np.broadcast_to(seen, shape)
    # The noise of three points can make the larger group of points look like the smaller one.
    for _ in range(_POLISHING):
        residual, jacobian = linearised(finalists, here, seen, camera)
        weights = _weights(_length(residual), inlier_px)
        finalists = gauss_newton_step(finalists, residual, jacobian, weights)
    final = _scores(squared_errors(finalists, points, observed, camera), inlier_px)
    best: Array = finalists[final.argmin(1)]
    return best


def _scores(squared: Array, inlier_px: float) -> Array:
    """Return disagreement and median squared error of each motion. # (B, N) -> (2, B)."""
    return np.stack([disagreement(squared, _SCALE * inlier_px), np.median(squared, axis=1)])


def _refine(
    motion: Array, points: Array, observed: Array, camera: StereoCamera, inlier_px: float
) -> Array:
    """Return the motion after robust Gauss-Newton steps on the points that agree with it."""
    before = np.full((1, len(points)), np.inf)
    for _ in range(_REFINEMENTS):
        residual, jacobian = linearised(motion[None], points[None], observed[None], camera)
        error = _length(residual)
        change = np.abs(error - before)[error < inlier_px]
        if len(change) < 3 or change.mean() < _CONVERGED_PX:
            break
        weights = _weights(error, inlier_px)
        motion, before = gauss_newton_step(motion[None], residual, jacobian, weights)[0], error
    return motion


def _length(residual: Array) -> Array:
    result: Array = np.sqrt(np.einsum("bij,bij->bj", residual, residual))
    return result


def _weights(error: Array, inlier_px: float) -> Array:
    """Return Tukey's biweight of each motion's errors. # (B, N) -> (B, N).

    It is as wide as the errors of the points that agree, so that where those are small, points
    that move a little differently have no weight.
    """
    middle = np.count_nonzero(error < inlier_px, axis=1, keepdims=True) // 2
    median = np.take_along_axis(np.sort(error, axis=1), middle, axis=1)
    reach = np.clip(_REACH * median, _SMALLEST_REACH_PX, inlier_px)
    result: Array = (1 - np.minimum(error / reach, 1) ** 2) ** 2
    return result


def _spread(places: Array) -> float:
    """Return the standard deviation across the line through places; 0 where they lie on one."""
    if len(places) < 3:
        return 0.0
    centred = places - places.mean(0)
    return float(np.sqrt(max(np.linalg.eigvalsh(centred.T @ centred / len(places))[1], 0.0)))
