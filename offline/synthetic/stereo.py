"""The generated drive seen by a stereo pair, with exact disparity and 3D velocity."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from offline.synthetic.appearance import paint
from offline.synthetic.raycast import SKY, View, in_front, look, of_surface
from offline.synthetic.scene import BASELINE_M, Array, Scene, make_scene, world_from_camera
from offline.synthetic.sequence import (
    PERIOD_S,
    SyntheticFrame,
    describe,
    next_points,
    require_size,
    view_of,
)
from scene_perception.geometry.stereo_camera import StereoCamera

Float = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class StereoTruth:
    """One stereo pair of a generated sequence and what is true of it.

    Attributes:
        left: the left image and what is true of it.
        right_image: RGB, uint8. # (H, W, 3)
        disparity: left column - right column, px, float32; 0 in the sky; also where the right
            image does not show the point. # (H, W)
        next_disparity: in the next pair, of the point seen here, px, float32. # (H, W)
        velocity: of that point relative to the camera, from this frame's left camera to the
            next frame's, m/s, float32; NaN in the sky. # (H, W, 3)
        own_velocity: over the ground, m/s in this frame's left camera, float32; 0 on what
            stands still. # (H, W, 3)
        movers: 0 on what stands still, else the number of the thing that moves, counted from
            1, uint8. # (H, W)
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


def stereo_sequence(
    count: int, *, seed: int = 0, height: int = 375, width: int = 1242
) -> Iterator[StereoTruth]:
    """Yield ``count`` pairs at 10 Hz of the drive through the street of ``seed``.

    Raises:
        ValueError: for a negative count or an image below 16x16 px.
    """
    require_size(count, height, width)
    scene = make_scene(seed, height, width)
    for index in range(count):
        yield render_pair(scene, index)


def stereo_camera(scene: Scene) -> StereoCamera:
    """Return the pair: two of the scene's cameras side by side."""
    return StereoCamera(scene.intrinsics, scene.intrinsics, BASELINE_M)


def render_right(scene: Scene, index: int) -> NDArray[np.uint8]:
    """Return the right image of pair ``index``, RGB. # (H, W, 3) uint8."""
    time_s = index * PERIOD_S
    pose = world_from_camera(time_s)
    pose[:3, 3] += BASELINE_M * pose[:3, 0]
    return paint(scene, look(scene, pose, time_s))[0]


def render_pair(scene: Scene, index: int) -> StereoTruth:
    """Return pair ``index`` of the drive through ``scene``."""
    view = view_of(scene, index)
    following = next_points(scene, view)
    sky = view.surface == SKY
    focal_baseline = stereo_camera(scene).focal_baseline
    return StereoTruth(
        left=describe(scene, view, index),
        right_image=render_right(scene, index),
        disparity=(focal_baseline / view.depth).astype(np.float32),
        next_disparity=np.where(sky, 0, focal_baseline / in_front(following[2])).astype(np.float32),
        velocity=_velocity(view, following),
        own_velocity=_own_velocity(scene, view),
        movers=_movers(scene, view),
        camera=stereo_camera(scene),
    )


def _velocity(view: View, following: Array) -> Float:
    rotation, place = view.pose[:3, :3], view.pose[:3, 3, None, None]
    here = np.tensordot(rotation.T, view.points - place, axes=1)
    velocity = np.where(view.surface == SKY, np.nan, (following - here) / PERIOD_S)
    return _last(velocity)


def _own_velocity(scene: Scene, view: View) -> Float:
    """Return the boxes' velocities along the camera's axes."""
    result: Float = of_surface(scene.boxes.velocity @ view.pose[:3, :3], view.surface).astype(
        np.float32
    )
    return result


def _movers(scene: Scene, view: View) -> NDArray[np.uint8]:
    moves = scene.boxes.velocity.any(axis=1)
    numbers = np.where(moves, np.cumsum(moves), 0).astype(np.uint8)
    result: NDArray[np.uint8] = of_surface(numbers, view.surface)
    return result


def _last(vectors: NDArray[Any]) -> Float:
    """Return vectors with their components last. # (3, H, W) -> (H, W, 3)."""
    return np.ascontiguousarray(np.moveaxis(vectors, 0, -1), dtype=np.float32)
