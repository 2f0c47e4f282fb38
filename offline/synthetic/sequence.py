"""A short generated drive with exact depth, labels, flow, poses and motion, by ray casting."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from offline.synthetic.appearance import paint
from offline.synthetic.raycast import View, look, of_surface, projected, seen_from
from offline.synthetic.scene import Array, Scene, make_scene, world_from_camera
from scene_perception.geometry.camera import Intrinsics

PERIOD_S = 0.1
FRAME_ID = "camera_optical"
# ROS takes a stamp of zero for "no time yet".
FIRST_STAMP_NS = 1_000_000_000


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
    require_size(count, height, width)
    scene = make_scene(seed, height, width)
    for index in range(count):
        yield render(scene, index)


def require_size(count: int, height: int, width: int) -> None:
    """Raise ValueError for a sequence that cannot be rendered."""
    if count < 0 or min(height, width) < 16:
        raise ValueError(
            f"a sequence must have >= 0 frames of at least 16x16 px, "
            f"got {count} frames of {width}x{height} px"
        )


def stamp_ns(index: int) -> int:
    """Return the time of a frame."""
    return FIRST_STAMP_NS + round(index * PERIOD_S * 1e9)


def render(scene: Scene, index: int) -> SyntheticFrame:
    """Return frame ``index`` of the drive through ``scene``."""
    return describe(scene, view_of(scene, index), index)


def view_of(scene: Scene, index: int) -> View:
    """Return what the camera (the left one of a pair) sees in frame ``index``."""
    time_s = index * PERIOD_S
    return look(scene, world_from_camera(time_s), time_s)


def next_points(scene: Scene, view: View) -> Array:
    """Return the points of ``view`` in the next frame's camera. # (3, H, W), as ``seen_from``."""
    time_s = view.time_s + PERIOD_S
    return seen_from(scene, view, world_from_camera(time_s), time_s)


def describe(scene: Scene, view: View, index: int) -> SyntheticFrame:
    """Return the frame whose ``view`` is already known."""
    image, labels = paint(scene, view)
    moving = of_surface(scene.boxes.velocity, view.surface).any(axis=-1)
    next_pose = world_from_camera(view.time_s + PERIOD_S)
    return SyntheticFrame(
        image=image,
        depth=view.depth.astype(np.float32),
        labels=labels,
        flow=_flow(scene, view),
        motion_mask=np.where(moving, 255, 0).astype(np.uint8),
        world_from_camera=view.pose,
        next_from_camera=np.linalg.inv(next_pose) @ view.pose,
        intrinsics=scene.intrinsics,
        stamp_ns=stamp_ns(index),
        frame_id=FRAME_ID,
    )


def _flow(scene: Scene, view: View) -> NDArray[np.float32]:
    """Return where each pixel's point appears in the next frame, less where it is now."""
    camera = scene.intrinsics
    columns, rows = np.meshgrid(np.arange(camera.width), np.arange(camera.height))
    x, y = projected(camera, next_points(scene, view))
    return np.stack([x - columns, y - rows], axis=-1).astype(np.float32)
