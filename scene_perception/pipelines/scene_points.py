"""The visible scene as coloured, labelled points that move past the camera."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from scene_perception.cityscapes import DYNAMIC
from scene_perception.frame import DepthEstimate, MotionEstimate, StereoEstimate
from scene_perception.geometry.camera import Intrinsics
from scene_perception.geometry.points import organized_points, static_velocity


@dataclass(frozen=True, eq=False)
class ScenePoints:
    """Organised points of one frame, in the camera's optical frame.

    Attributes:
        xyz: in the unit of the depth, NaN where it is invalid, float32. # (H, W, 3)
        rgb: uint8. # (H, W, 3)
        labels: Cityscapes train ids, 255 unknown, uint8. # (H, W)
        velocity: relative to the camera, unit/s, NaN where unknown, float32; None before the
            frame's motion is known. # (H, W, 3)
    """

    xyz: NDArray[np.float32]
    rgb: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    velocity: NDArray[np.float32] | None = None


def scene_points(depth: DepthEstimate, stride: int = 1) -> ScenePoints | None:
    """Return the points of every ``stride``-th row and column; None without intrinsics."""
    return None if depth.intrinsics is None else _points(depth, depth.intrinsics, stride)


def moving_scene_points(motion: MotionEstimate, stride: int = 1) -> ScenePoints | None:
    """Return the same with velocities; None without intrinsics.

    What stands still moves past the camera as the camera's own motion says. The velocity of
    an object that moves by itself cannot be seen by one camera: it is NaN, and without a motion
    mask so is that of everything that could move.
    """
    points = scene_points(motion.depth, stride)
    if points is None or motion.ego_motion is None:
        return points
    interval_s = (motion.next_stamp_ns - motion.stamp_ns) * 1e-9
    velocity = static_velocity(points.xyz, motion.ego_motion.next_from_current, interval_s)
    if motion.motion_mask is None:
        velocity[points.labels >= DYNAMIC.start] = np.nan  # unknown ones among them
    else:
        velocity[motion.motion_mask[::stride, ::stride] > 0] = np.nan
    return replace(points, velocity=velocity)


def stereo_scene_points(stereo: StereoEstimate, stride: int = 1) -> ScenePoints:
    """Return the same of a stereo pair, which sees how everything moves.

    Velocities are relative to the camera, those of moving objects included; there are none
    where nobody asked for motion.
    """
    points = _points(stereo.depth, stereo.camera.left, stride)
    if stereo.motion is None:
        return points
    return replace(points, velocity=stereo.motion.velocity[::stride, ::stride])


def _points(depth: DepthEstimate, camera: Intrinsics, stride: int) -> ScenePoints:
    every = (slice(None, None, stride), slice(None, None, stride))
    xyz = organized_points(depth.depth[every], _every(camera, stride))
    return ScenePoints(xyz, depth.image[every], depth.labels[every])


def _every(camera: Intrinsics, stride: int) -> Intrinsics:
    """Return the intrinsics of an image's every n-th pixel: pixel 0 stays where it is."""
    return Intrinsics(
        camera.fx / stride,
        camera.fy / stride,
        camera.cx / stride,
        camera.cy / stride,
        width=-(-camera.width // stride),
        height=-(-camera.height // stride),
    )
