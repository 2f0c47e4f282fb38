"""From DWARF's tensors to what a robot reads: metres, metres per second, what is valid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from scene_perception.frame import (
    UNKNOWN_LABEL,
    DepthEstimate,
    MetricScale,
    SceneFlowEstimate,
    StereoEstimate,
    StereoFrame,
)
from scene_perception.geometry.disparity import depth_from_disparity, disparity_from_depth
from scene_perception.geometry.scene_flow import scene_points, scene_velocity
from scene_perception.geometry.stereo_camera import StereoCamera
from scene_perception.geometry.validity import motion_validity
from scene_perception.pipelines.own_motion import SceneMotion, own_motion
from scene_perception.pipelines.postprocess import array, resized
from scene_perception.pipelines.stereo_config import StereoConfig, StereoOutputConfig
from scene_perception.pipelines.stereo_input import Fit, scale_x, scale_y, to_camera

_STEREO = MetricScale(source="stereo", is_metric=True)

Float = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class View:
    """One pair at the resolution at which it is described.

    Attributes:
        stamp_ns: of the left image.
        frame_id: of the left image.
        image: left, RGB, uint8. # (H, W, 3)
        camera: of this resolution.
        labels: Cityscapes train ids, 255 unknown, uint8. # (H, W)
        fit: from the network's input to this resolution.
    """

    stamp_ns: int
    frame_id: str
    image: NDArray[np.uint8]
    camera: StereoCamera
    labels: NDArray[np.uint8]
    fit: Fit


def view_of(frame: StereoFrame, labels: Tensor | None, fit: Fit, resolution: str) -> View:
    """Return ``frame`` at the ``camera``'s or the ``network``'s resolution.

    A padded image has the camera's resolution in the network, too.

    Args:
        frame: the pair.
        labels: of the left image at any resolution, or None without semantics. # (1, h, w)
        fit: of the camera's image in the network's input.
        resolution: ``camera`` or ``network``.
    """
    image, camera = frame.left.image, frame.camera
    if resolution == "network" and not fit.pad:
        image, camera = resized(image, fit.network), camera.scaled(*fit.network)
        fit = replace(fit, camera=fit.network)
    shape = image.shape[:2]
    known = np.full(shape, UNKNOWN_LABEL, np.uint8)
    if labels is not None:
        known = resized(array(labels), (shape[1], shape[0]), cv2.INTER_NEAREST_EXACT)
    return View(
        stamp_ns=frame.left.stamp_ns,
        frame_id=frame.left.frame_id,
        image=image,
        camera=camera,
        labels=known,
        fit=fit,
    )


def stereo_estimate(
    view: View, outputs: Mapping[str, Tensor], config: StereoOutputConfig
) -> StereoEstimate:
    """Return disparity and depth of a pair, its motion not yet known.

    Args:
        view: what is described.
        outputs: ``disparity`` (1, 1, h, w), px of the network's input, positive.
        config: valid range.
    """
    disparity = disparity_array(outputs["disparity"], view.fit)
    limits = limits_px(view.camera, config)
    negative = float(np.count_nonzero(disparity < view.camera.zero_disparity_px)) / disparity.size
    disparity[~((disparity >= limits[0]) & (disparity <= limits[1]))] = np.nan
    depth = DepthEstimate(
        stamp_ns=view.stamp_ns,
        frame_id=view.frame_id,
        depth=depth_from_disparity(disparity, view.camera),
        labels=view.labels,
        image=view.image,
        intrinsics=view.camera.left,
        scale=_STEREO,
    )
    return StereoEstimate(depth, disparity, view.camera, limits, negative, motion=None)


def limits_px(camera: StereoCamera, config: StereoOutputConfig) -> tuple[float, float]:
    """Return the disparities of the farthest and the nearest valid depth.

    No disparity exceeds the image's width, however near a point may be.
    """
    depths = np.array([config.max_depth, max(config.min_depth, 1e-6)], np.float32)
    farthest, nearest = (float(value) for value in disparity_from_depth(depths, camera))
    return farthest, min(nearest, float(camera.left.width))


def scene_flow_estimate(
    estimate: StereoEstimate,
    view: View,
    following: View,
    outputs: Mapping[str, Tensor],
    config: StereoConfig,
) -> SceneFlowEstimate:
    """Return the motion of everything from ``view`` to ``following``.

    Args:
        estimate: of ``view``.
        view: what is described.
        following: the pair that the flow points into; earlier where time runs backwards.
        outputs: ``flow`` (1, 2, h, w) and ``next_disparity`` (1, 1, h, w), px of the network's
            input.
        config: how ego-motion and objects are found.
    """
    flow = flow_array(outputs["flow"], view.fit)
    next_disparity = disparity_array(outputs["next_disparity"], view.fit)
    validity = motion_validity(estimate.disparity, next_disparity, flow, estimate.limits_px)
    interval_s = (following.stamp_ns - view.stamp_ns) * 1e-9
    points, next_points = scene_points(
        estimate.disparity, next_disparity, flow, view.camera, following.camera
    )
    scene = SceneMotion(
        points, next_points, flow, next_disparity, validity, view.labels, following.camera
    )
    own = own_motion(scene, interval_s, config.ego_motion, config.objects)
    velocity = _where_valid(scene_velocity(points, next_points, interval_s), validity)
    next_disparity[~(next_disparity >= estimate.limits_px[0])] = np.nan
    return SceneFlowEstimate(
        stamp_ns=view.stamp_ns,
        next_stamp_ns=following.stamp_ns,
        frame_id=view.frame_id,
        flow=flow,
        next_disparity=next_disparity,
        velocity=velocity,
        validity=validity,
        motion_mask=own.mask,
        objects=own.objects,
        ego_motion=own.ego_motion,
        depth=estimate.depth,
    )


def _where_valid(vectors: Float, validity: NDArray[np.uint8]) -> Float:
    """Return vectors (H, W, 3), NaN where ``validity`` (H, W) is not 0."""
    # NumPy's assignment by mask takes three times as long.
    valid = (validity == 0).view(np.uint8)
    return cv2.copyTo(vectors, valid, np.full_like(vectors, np.nan)).astype(np.float32, copy=False)


def disparity_array(disparity: Tensor, fit: Fit) -> Float:
    """Return a network's disparity (1, 1, h, w) in px of the view, a copy. # (H, W)."""
    result = to_camera(array(disparity)[0], fit)
    result *= np.float32(scale_x(fit))
    return result


def flow_array(flow: Tensor, fit: Fit) -> Float:
    """Return a network's flow (1, 2, h, w) in px of the view, a copy. # (H, W, 2)."""
    result = np.empty((fit.camera[1], fit.camera[0], 2), np.float32)
    planes = zip(array(flow), (scale_x(fit), scale_y(fit)), strict=True)
    for axis, (plane, scale) in enumerate(planes):
        np.multiply(to_camera(plane, fit), np.float32(scale), out=result[..., axis])
    return result
