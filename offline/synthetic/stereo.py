"""Frames of a generated drive as images and maps, with exact disparity and 3D velocity."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from offline.synthetic.drive import FRAME_ID, PERIOD_S, Drive, open_drive, stamp_ns
from offline.synthetic.kinds import Tensors, flow_of, object_map, pixels_of, plane
from scene_perception.geometry.camera import Intrinsics
from scene_perception.geometry.stereo_camera import StereoCamera

Float = NDArray[np.float32]
Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SyntheticFrame:
    """One frame of a generated sequence and what is true of it.

    Attributes:
        image: RGB, uint8. # (H, W, 3)
        depth: along Z, metres; +inf in the sky, float32. # (H, W)
        labels: Cityscapes train ids, uint8. # (H, W)
        flow: px from this frame to the next, channel 0 = x, float32; also where the point is
            hidden or out of view in the next; 0 where it is behind the next camera. # (H, W, 2)
        motion_mask: 255 on things that move by themselves, else 0, uint8. # (H, W)
        world_from_camera: pose, metres. # (4, 4)
        next_from_camera: the camera's motion, points_next = next_from_camera @ points. # (4, 4)
        intrinsics: of the camera.
        stamp_ns: time of the frame.
        frame_id: the camera's optical frame.
    """

    image: NDArray[np.uint8]
    depth: Float
    labels: NDArray[np.uint8]
    flow: Float
    motion_mask: NDArray[np.uint8]
    world_from_camera: Array
    next_from_camera: Array
    intrinsics: Intrinsics
    stamp_ns: int
    frame_id: str


@dataclass(frozen=True, eq=False)
class StereoTruth:
    """One stereo pair of a generated sequence and what is true of it.

    Attributes:
        left: the left image and what is true of it.
        right_image: RGB, uint8. # (H, W, 3)
        disparity: left column - right column, px, float32; 0 in the sky; also where the right
            image does not show the point. # (H, W)
        next_disparity: in the next pair, of the point seen here, px, float32; 0 where it is
            behind the next camera. # (H, W)
        velocity: of that point relative to the camera, from this frame's left camera to the
            next frame's, m/s, float32; NaN in the sky and where the point is behind the next
            camera. # (H, W, 3)
        own_velocity: over the ground, m/s in this frame's left camera, float32; 0 on what
            stands still, NaN where something moves behind the next camera. # (H, W, 3)
        movers: 0 on what stands still, else the number of the thing that moves, from 1 on,
            uint8. # (H, W)
        camera: the pair.
    """

    left: SyntheticFrame
    right_image: NDArray[np.uint8]
    disparity: Float
    next_disparity: Float
    velocity: Float
    own_velocity: Float
    movers: NDArray[np.uint8]
    camera: StereoCamera


def sequence(
    count: int, *, seed: int = 0, height: int = 375, width: int = 1242
) -> Iterator[SyntheticFrame]:
    """Yield ``count`` frames at 10 Hz of the drive of ``seed``.

    Raises:
        ValueError: for a negative count or seed, or an image below 16x16 px.
    """
    for pair in stereo_sequence(count, seed=seed, height=height, width=width):
        yield pair.left


def stereo_sequence(
    count: int, *, seed: int = 0, height: int = 375, width: int = 1242
) -> Iterator[StereoTruth]:
    """Yield ``count`` pairs at 10 Hz of the drive of ``seed``.

    Raises:
        ValueError: for a negative count or seed, or an image below 16x16 px.
    """
    drive = open_drive(count, seed=seed, height=height, width=width)
    for index in range(count):
        yield render_pair(drive, index)


def render_pair(drive: Drive, index: int) -> StereoTruth:
    """Return pair ``index`` of a drive."""
    tensors = drive.truth(index)
    motion = _next_from_camera(drive, index)
    here, there = _points(tensors, drive.camera)
    velocity = (there - here) / PERIOD_S
    stands = here @ motion[:3, :3].T + motion[:3, 3]
    own = (there - stands) @ motion[:3, :3] / PERIOD_S
    own[~plane(tensors, "moving")] = 0
    return StereoTruth(
        left=_frame(drive, index, tensors, motion),
        right_image=pixels_of(drive.image(index, right=True)),
        disparity=plane(tensors, "disparity"),
        next_disparity=plane(tensors, "next_disparity"),
        velocity=velocity.astype(np.float32),
        own_velocity=own.astype(np.float32),
        movers=object_map(tensors),
        camera=drive.camera,
    )


def _frame(drive: Drive, index: int, tensors: Tensors, motion: Array) -> SyntheticFrame:
    depth = plane(tensors, "depth")
    return SyntheticFrame(
        image=pixels_of(drive.image(index)),
        depth=np.where(depth > 0, depth, np.float32(np.inf)),
        labels=plane(tensors, "labels"),
        flow=flow_of(tensors),
        motion_mask=np.where(plane(tensors, "moving"), 255, 0).astype(np.uint8),
        world_from_camera=drive.world_from_camera(index).numpy(),
        next_from_camera=motion,
        intrinsics=drive.camera.left,
        stamp_ns=stamp_ns(index),
        frame_id=FRAME_ID,
    )


def _next_from_camera(drive: Drive, index: int) -> Array:
    now, after = (drive.world_from_camera(frame).numpy() for frame in (index, index + 1))
    motion: Array = np.linalg.inv(after) @ now
    return motion


def _points(tensors: Tensors, camera: StereoCamera) -> tuple[Array, Array]:
    """Return points in this camera and in the next frame's, m; NaN where not known.

    # (H, W, 3) each
    """
    flow = flow_of(tensors).astype(np.float64)
    height, width = flow.shape[:2]
    columns, rows = np.meshgrid(*(np.arange(size, dtype=np.float64) for size in (width, height)))
    now, then = (_depth(plane(tensors, name), camera) for name in ("disparity", "next_disparity"))
    here = _unprojected(camera.left, columns, rows, now)
    return here, _unprojected(camera.left, columns + flow[..., 0], rows + flow[..., 1], then)


def _depth(disparity: Float, camera: StereoCamera) -> Array:
    """Return the depth of disparities, NaN of those that are 0. # (H, W)."""
    exact = disparity.astype(np.float64)
    return camera.focal_baseline / np.where(exact > 0, exact, np.nan)


def _unprojected(camera: Intrinsics, x: Array, y: Array, depth: Array) -> Array:
    rays = [(x - camera.cx) / camera.fx, (y - camera.cy) / camera.fy, np.ones_like(x)]
    result: Array = np.stack(rays, axis=-1) * depth[..., None]
    return result
