"""A short generated drive with exact depth, labels, flow, poses and motion, by ray casting."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offline.synthetic import appearance
from offline.synthetic.scene import Array, Scene, make_scene, world_from_camera
from scene_perception.cityscapes import SKY
from scene_perception.geometry.camera import Intrinsics

PERIOD_S = 0.1
FRAME_ID = "camera_optical"
# ROS takes a stamp of zero for "no time yet".
FIRST_STAMP_NS = 1_000_000_000

_GROUND, _SKY = -1, -2
_NEAR_M = 0.1


@dataclass(frozen=True, eq=False)
class SyntheticFrame:
    """One frame of a generated sequence and what is true of it.

    Attributes:
        image: RGB, uint8. # (H, W, 3)
        depth: along Z, metres; +inf in the sky, float32. # (H, W)
        labels: Cityscapes train ids, uint8. # (H, W)
        flow: px from this frame to the next, channel 0 = x, float32; also where the point
            is hidden or out of view in the next. # (H, W, 2)
        motion_mask: 255 on things that move by themselves, else 0, uint8. # (H, W)
        world_from_camera: pose, metres. # (4, 4)
        next_from_camera: the camera's motion, points_next = next_from_camera @
            points. # (4, 4)
        intrinsics: of the camera.
        stamp_ns: time of the frame.
        frame_id: the camera's optical frame.
    """

    image: NDArray[np.uint8]
    depth: NDArray[np.float32]
    labels: NDArray[np.uint8]
    flow: NDArray[np.float32]
    motion_mask: NDArray[np.uint8]
    world_from_camera: Array
    next_from_camera: Array
    intrinsics: Intrinsics
    stamp_ns: int
    frame_id: str


def sequence(
    count: int, *, seed: int = 0, height: int = 375, width: int = 1242
) -> Iterator[SyntheticFrame]:
    """Yield ``count`` frames at 10 Hz of the drive through the street of ``seed``.

    Raises:
        ValueError: for a negative count or an image below 16x16 px.
    """
    if count < 0 or min(height, width) < 16:
        raise ValueError(
            f"a sequence must have >= 0 frames of at least 16x16 px, "
            f"got {count} frames of {width}x{height} px"
        )
    scene = make_scene(seed, height, width)
    for index in range(count):
        yield render(scene, index)


def stamp_ns(index: int) -> int:
    """Return the time of a frame."""
    return FIRST_STAMP_NS + round(index * PERIOD_S * 1e9)


def render(scene: Scene, index: int) -> SyntheticFrame:
    """Return frame ``index`` of the drive through ``scene``."""
    time_s = index * PERIOD_S
    pose, next_pose = world_from_camera(time_s), world_from_camera(time_s + PERIOD_S)
    rays = _rotated(pose[:3, :3], _rays(scene.intrinsics))
    depth, surface = _cast(scene, pose, rays, time_s)
    # Directions stand for points of the sky, infinitely far away.
    points = pose[:3, 3, None, None] + np.where(surface == _SKY, 0.0, depth) * rays
    image, labels = _shade(scene, surface, points, rays, depth, time_s)
    moving = _of_surface(scene.boxes.velocity, surface).any(axis=-1)
    return SyntheticFrame(
        image=image,
        depth=depth.astype(np.float32),
        labels=labels,
        flow=_flow(scene, surface, points, rays, next_pose),
        motion_mask=np.where(moving, 255, 0).astype(np.uint8),
        world_from_camera=pose,
        next_from_camera=np.linalg.inv(next_pose) @ pose,
        intrinsics=scene.intrinsics,
        stamp_ns=stamp_ns(index),
        frame_id=FRAME_ID,
    )


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


def _of_surface(values: NDArray[Any], surface: NDArray[np.int64]) -> NDArray[Any]:
    """Return every pixel's value of a property of boxes; zero where no box is seen."""
    nothing = np.zeros((2, *values.shape[1:]), values.dtype)  # _GROUND and _SKY index it
    result: NDArray[Any] = np.concatenate([values, nothing])[surface]
    return result


def _cast(scene: Scene, pose: Array, rays: Array, time_s: float) -> tuple[Array, NDArray[np.int64]]:
    """Return depth and what is seen (a box's index, _GROUND or _SKY). # (H, W) each."""
    origin = pose[:3, 3]
    with np.errstate(divide="ignore"):
        to_ground = -origin[1] / rays[1]
    depth = np.where(to_ground > 0, to_ground, np.inf)
    surface = np.where(to_ground > 0, _GROUND, _SKY)
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


def _shade(
    scene: Scene,
    surface: NDArray[np.int64],
    points: Array,
    rays: Array,
    depth: Array,
    time_s: float,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the image (H, W, 3) and the labels (H, W)."""
    downward = rays[1].astype(np.float32)
    pixel_m = (depth / scene.intrinsics.fx).astype(np.float32)
    colour = appearance.sky_colour(downward)
    labels = np.full(surface.shape, SKY, np.uint8)
    ground, boxes = surface == _GROUND, surface >= 0

    x, z = (points[axis][ground].astype(np.float32) for axis in (0, 2))
    covered_m = pixel_m[ground] / appearance.facing(downward[ground])
    colour[ground], labels[ground] = appearance.ground(scene, x, z, covered_m)

    index = surface[boxes]
    low = scene.boxes.low + scene.boxes.velocity * time_s
    local = (points[:, boxes] - low.T[:, index]).astype(np.float32)
    directions = rays.astype(np.float32)[:, boxes]
    colour[boxes] = appearance.box_colour(scene, index, local, directions, pixel_m[boxes])
    labels[boxes] = scene.boxes.labels[index]
    return (np.clip(colour, 0, 1) * 255 + 0.5).astype(np.uint8), labels


def _flow(
    scene: Scene, surface: NDArray[np.int64], points: Array, rays: Array, next_pose: Array
) -> NDArray[np.float32]:
    """Return where each pixel's point appears in the next frame, less where it is now."""
    camera = scene.intrinsics
    velocity = np.moveaxis(_of_surface(scene.boxes.velocity, surface), -1, 0)
    offset = points + velocity * PERIOD_S - next_pose[:3, 3, None, None]
    seen = _rotated(next_pose[:3, :3].T, np.where(surface == _SKY, rays, offset))
    # Behind the next camera there is no projection; such points have left the view.
    z = np.maximum(seen[2], 1e-3)
    columns, rows = np.meshgrid(np.arange(camera.width), np.arange(camera.height))
    x = camera.fx * seen[0] / z + camera.cx - columns
    y = camera.fy * seen[1] / z + camera.cy - rows
    return np.stack([x, y], axis=-1).astype(np.float32)
