"""What a camera in the street sees in each pixel, and where that is at another moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offline.synthetic.scene import Array, Scene
from scene_perception.geometry.camera import Intrinsics

GROUND, SKY = -1, -2
_NEAR_M = 0.1
# Behind a camera there is no projection; such points have left the view.
_LEAST_DEPTH_M = 1e-3


@dataclass(frozen=True, eq=False)
class View:
    """What is seen from one place at one time.

    Attributes:
        time_s: of the scene.
        pose: world from camera. # (4, 4)
        depth: along the camera's Z, metres; +inf in the sky. # (H, W)
        surface: index of the box that is seen, ``GROUND`` or ``SKY``. # (H, W)
        rays: directions in the world's axes, 1 along the camera's Z. # (3, H, W)
        points: in the world, metres; of the sky the directions instead. # (3, H, W)
    """

    time_s: float
    pose: Array
    depth: Array
    surface: NDArray[np.int64]
    rays: Array
    points: Array


def look(scene: Scene, pose: Array, time_s: float) -> View:
    """Return what the scene's camera sees from ``pose`` at ``time_s``."""
    rays = _rotated(pose[:3, :3], _rays(scene.intrinsics))
    depth, surface = _cast(scene, pose, rays, time_s)
    sky = surface == SKY
    points = np.where(sky, rays, pose[:3, 3, None, None] + np.where(sky, 0.0, depth) * rays)
    return View(time_s, pose, depth, surface, rays, points)


def seen_from(scene: Scene, view: View, pose: Array, time_s: float) -> Array:
    """Return the points of ``view`` as a camera at ``pose`` has them at ``time_s``.

    Metres in that camera's axes; of the sky the directions instead. # (3, H, W)
    """
    velocity = np.moveaxis(of_surface(scene.boxes.velocity, view.surface), -1, 0)
    moved = view.points + velocity * (time_s - view.time_s) - pose[:3, 3, None, None]
    return _rotated(pose[:3, :3].T, np.where(view.surface == SKY, view.points, moved))


def projected(camera: Intrinsics, points: Array) -> tuple[Array, Array]:
    """Return columns and rows of points in the camera's axes, px. # (3, H, W) -> (H, W) each."""
    z = in_front(points[2])
    return (
        camera.fx * points[0] / z + camera.cx,
        camera.fy * points[1] / z + camera.cy,
    )


def in_front(depth: Array) -> Array:
    """Return depths, those behind the camera as just in front of it, m."""
    return np.maximum(depth, _LEAST_DEPTH_M)


def of_surface(values: NDArray[Any], surface: NDArray[np.int64]) -> NDArray[Any]:
    """Return every pixel's value of a property of boxes; zero where no box is seen."""
    nothing = np.zeros((2, *values.shape[1:]), values.dtype)  # GROUND and SKY index it
    result: NDArray[Any] = np.concatenate([values, nothing])[surface]
    return result


def _rays(camera: Intrinsics) -> Array:
    """Return the pixels' directions in the camera, with z = 1. # (3, H, W)."""
    x = (np.arange(camera.width) - camera.cx) / camera.fx
    y = (np.arange(camera.height) - camera.cy) / camera.fy
    columns, rows = np.meshgrid(x, y)
    return np.stack([columns, rows, np.ones_like(columns)])


def _rotated(rotation: Array, vectors: Array) -> Array:
    """Return ``rotation @ v`` for every vector. # (3, H, W)."""
    result: Array = np.tensordot(rotation, vectors, axes=1)
    return result


def _cast(scene: Scene, pose: Array, rays: Array, time_s: float) -> tuple[Array, NDArray[np.int64]]:
    """Return depth and what is seen (a box's index, GROUND or SKY). # (H, W) each."""
    origin = pose[:3, 3]
    with np.errstate(divide="ignore"):
        to_ground = -origin[1] / rays[1]
    depth = np.where(to_ground > 0, to_ground, np.inf)
    surface = np.where(to_ground > 0, GROUND, SKY)
    boxes = scene.boxes
    for index, velocity in enumerate(boxes.velocity):
        low, high = boxes.low[index] + velocity * time_s, boxes.high[index] + velocity * time_s
        rows, columns = _window(scene.intrinsics, pose, low, high)
        distance = _to_box(rays[:, rows, columns], origin, low, high)
        nearer = distance < depth[rows, columns]
        depth[rows, columns][nearer] = distance[nearer]
        surface[rows, columns][nearer] = index
    return depth, surface


def _window(camera: Intrinsics, pose: Array, low: Array, high: Array) -> tuple[slice, slice]:
    """Return the rows and columns that a box can cover: casting elsewhere would be wasted."""
    picks = np.indices((2, 2, 2)).reshape(3, 8).T
    corners = (np.where(picks, high, low) - pose[:3, 3]) @ pose[:3, :3]
    if corners[:, 2].max() < _NEAR_M:
        return slice(0, 0), slice(0, 0)
    if corners[:, 2].min() < _NEAR_M:
        return slice(None), slice(None)
    x = camera.fx * corners[:, 0] / corners[:, 2] + camera.cx
    y = camera.fy * corners[:, 1] / corners[:, 2] + camera.cy
    return _span(y, camera.height), _span(x, camera.width)


def _span(values: Array, size: int) -> slice:
    start, stop = np.clip([values.min(), values.max() + 2], 0, size).astype(int)
    return slice(int(start), int(stop))


def _to_box(rays: Array, origin: Array, low: Array, high: Array) -> Array:
    """Return the depth at which rays enter a box, inf where they miss it (slab method)."""
    enter, leave = np.full(rays.shape[1:], -np.inf), np.full(rays.shape[1:], np.inf)
    for axis in range(3):
        with np.errstate(divide="ignore"):
            inverse = 1 / rays[axis]
        first, second = (low - origin)[axis] * inverse, (high - origin)[axis] * inverse
        np.maximum(enter, np.minimum(first, second), out=enter)
        np.minimum(leave, np.maximum(first, second), out=leave)
    return np.where((enter <= leave) & (enter > 0), enter, np.inf)
