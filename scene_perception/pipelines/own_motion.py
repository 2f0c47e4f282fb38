"""The camera's own motion from scene flow, and what moves by itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scene_perception.cityscapes import DYNAMIC
from scene_perception.frame import UNKNOWN_LABEL, EgoMotion, MetricScale, MovingObject
from scene_perception.geometry.moving_objects import find_objects, moving_mask, own_velocity
from scene_perception.geometry.rigid_fit import RigidFit, fit_camera_motion, reprojection_error
from scene_perception.geometry.stereo_camera import StereoCamera
from scene_perception.pipelines.ego_motion import mean_velocity
from scene_perception.pipelines.stereo_config import EgoMotionConfig, ObjectsConfig

_POINTS = 2000
_MIN_STATIC = 200

Float = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class SceneMotion:
    """Where everything is and where it goes, at one resolution.

    Attributes:
        points: in the left optical frame, m, float32. # (H, W, 3)
        next_points: the same points in the left optical frame of the next pair. # (H, W, 3)
        flow: px, float32. # (H, W, 2)
        next_disparity: px, float32. # (H, W)
        validity: 0 where all of this is known, uint8. # (H, W)
        labels: Cityscapes train ids, 255 unknown, uint8. # (H, W)
        next_camera: of the next pair.
    """

    points: Float
    next_points: Float
    flow: Float
    next_disparity: Float
    validity: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    next_camera: StereoCamera


@dataclass(frozen=True, eq=False)
class OwnMotion:
    """What moves, the camera included; fields as in ``frame.SceneFlowEstimate``."""

    ego_motion: EgoMotion | None
    mask: NDArray[np.uint8]
    objects: tuple[MovingObject, ...]


def own_motion(
    scene: SceneMotion, interval_s: float, ego: EgoMotionConfig, objects: ObjectsConfig
) -> OwnMotion:
    """Fit the camera's motion to what stands still, and find what does not follow it.

    Where labels are known, only static classes are fitted and only dynamic classes move;
    else the majority of the scene is taken to stand still.

    Args:
        scene: points and their motion.
        interval_s: from one pair to the next; negative where that one is earlier.
        ego: how the camera's motion is fitted.
        objects: what counts as moving.
    """
    observed = _observed(scene)
    known = scene.validity == 0
    fit = _camera_motion(scene, observed, known, ego)
    if fit is None:
        return OwnMotion(None, np.zeros(known.shape, np.uint8), ())
    error_px = reprojection_error(scene.points, observed, fit.next_from_current, scene.next_camera)
    velocity = own_velocity(scene.points, scene.next_points, fit.next_from_current, interval_s)
    moving = moving_mask(error_px, velocity, objects.min_px, objects.min_speed_m_s)
    moving[~(known & _may_move(scene.labels))] = 0
    mask, regions = find_objects(moving, scene.points, velocity, objects.min_pixels)
    motion = mean_velocity(
        fit.next_from_current, MetricScale(source="stereo", is_metric=True), interval_s
    )
    return OwnMotion(motion, mask, tuple(MovingObject(**region._asdict()) for region in regions))


def _camera_motion(
    scene: SceneMotion, observed: Float, known: NDArray[np.bool_], config: EgoMotionConfig
) -> RigidFit | None:
    index = _sample(known & _stands_still(scene.labels))
    if len(index) < _MIN_STATIC:
        index = _sample(known)
    return fit_camera_motion(
        scene.points.reshape(-1, 3)[index],
        observed.reshape(-1, 3)[index],
        scene.next_camera,
        inlier_px=config.inlier_px,
        hypotheses=config.hypotheses,
        min_share=config.min_share,
    )


def _observed(scene: SceneMotion) -> Float:
    """Return column, row and disparity at which each point is seen next, px. # (H, W, 3)."""
    height, width = scene.next_disparity.shape
    observed = np.empty((height, width, 3), np.float32)
    np.add(scene.flow[..., 0], np.arange(width, dtype=np.float32), out=observed[..., 0])
    np.add(scene.flow[..., 1], np.arange(height, dtype=np.float32)[:, None], out=observed[..., 1])
    observed[..., 2] = scene.next_disparity
    return observed


def _sample(usable: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return flat indices of about ``_POINTS`` usable pixels, evenly spread."""
    index = np.flatnonzero(usable)
    if len(index) <= _POINTS:
        return index
    return index[np.linspace(0, len(index) - 1, _POINTS).round().astype(np.intp)]


def _dynamic(labels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    result: NDArray[np.bool_] = (labels >= DYNAMIC.start) & (labels < DYNAMIC.stop)
    return result


def _stands_still(labels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return ~_dynamic(labels)


def _may_move(labels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    result: NDArray[np.bool_] = _dynamic(labels) | (labels == UNKNOWN_LABEL)
    return result
