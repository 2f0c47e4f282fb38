"""Disparity, inverse depth and depth: conversion and normalisation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from scene_perception.geometry.stereo_camera import StereoCamera


def normalize_inverse_depth(inverse_depth: Tensor) -> Tensor:
    """Divide inverse depth by its mean over the image, as its scale is arbitrary.

    Args:
        inverse_depth: > 0, any unit. # (B, 1, H, W)
    """
    return inverse_depth / inverse_depth.mean((1, 2, 3), keepdim=True)


def depth_from_inverse_depth(inverse_depth: Tensor) -> Tensor:
    """Return ``1 / inverse_depth``: metres for 1/m, infinite where inverse depth is 0."""
    return inverse_depth.reciprocal()


def depth_from_disparity(
    disparity: NDArray[np.float32], camera: StereoCamera
) -> NDArray[np.float32]:
    """Return depth along Z, m: infinite at the disparity of infinity, negative below it.

    Args:
        disparity: left column - right column, px of ``camera``'s resolution, NaN where unknown.
            # (H, W)
        camera: of this resolution; its principal points' columns may differ.
    """
    depth: NDArray[np.float32] = np.subtract(disparity, camera.zero_disparity_px, dtype=np.float32)
    with np.errstate(divide="ignore", over="ignore"):
        np.divide(np.float32(camera.focal_baseline), depth, out=depth)
    return depth


def disparity_from_depth(depth: NDArray[np.float32], camera: StereoCamera) -> NDArray[np.float32]:
    """Return the disparity at which ``camera`` sees points, px; infinite at depth 0.

    Args:
        depth: along Z, m, NaN where unknown. # (H, W)
        camera: of the disparity's resolution.
    """
    with np.errstate(divide="ignore", over="ignore"):
        disparity: NDArray[np.float32] = np.divide(
            np.float32(camera.focal_baseline), depth, dtype=np.float32
        )
    disparity += np.float32(camera.zero_disparity_px)
    return disparity
