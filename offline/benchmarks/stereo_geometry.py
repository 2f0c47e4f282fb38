"""What the stereo pipeline's geometry costs, function by function, on a generated KITTI-sized pair.

The scene is the generated street with its exact disparities and flow, to which noise of a
good network's size is added; time depends on what is seen (how much moves, what is hidden).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from offline.benchmarks.table import Row, spread_columns
from offline.benchmarks.timing import take_turns
from offline.synthetic.stereo import StereoTruth, stereo_sequence
from scene_perception.frame import Frame, StereoEstimate, StereoFrame
from scene_perception.geometry.disparity import depth_from_disparity
from scene_perception.geometry.moving_objects import find_objects, moving_mask, own_velocity
from scene_perception.geometry.rigid_fit import fit_camera_motion, reprojection_error
from scene_perception.geometry.scene_flow import scene_points, scene_velocity
from scene_perception.geometry.validity import motion_validity, stereo_validity
from scene_perception.pipelines.stereo_config import StereoConfig
from scene_perception.pipelines.stereo_input import choose_fit
from scene_perception.pipelines.stereo_postprocess import (
    View,
    scene_flow_estimate,
    stereo_estimate,
    view_of,
)

_NETWORK = (1280, 384)
_CAMERA = (1242, 375)
_INTERVAL_NS = 100_000_000
_NOISE_PX = 0.3
_FITTED = 2000

Float = NDArray[np.float32]
Contenders = Mapping[str, Callable[[], object]]


class _Seen(NamedTuple):
    """A described pair, the next one's view, and the network's outputs."""

    view: View
    following: View
    estimate: StereoEstimate
    outputs: Mapping[str, torch.Tensor]


def geometry_rows(repeats: int) -> list[Row]:
    """Return the time of each geometric function at 1242x375, and of the two stages, ms."""
    config = StereoConfig()
    seen = _seen(config)
    contenders = {**_functions(seen, config), **_stages(seen, config)}
    timings = take_turns(contenders, repeats=repeats)
    return [{"what": name, **spread_columns(timing)} for name, timing in timings.items()]


def _functions(seen: _Seen, config: StereoConfig) -> Contenders:
    camera, limits = seen.view.camera, seen.estimate.limits_px
    disparity, motion = seen.estimate.disparity, seen.estimate.motion
    assert motion is not None
    flow, next_disparity = motion.flow, motion.next_disparity
    points, next_points = scene_points(disparity, next_disparity, flow, camera, camera)
    observed = _observed(flow, next_disparity)
    chosen = np.flatnonzero(motion.validity.ravel() == 0)
    chosen = chosen[np.linspace(0, len(chosen) - 1, _FITTED).astype(int)]
    ego, objects, interval_s = config.ego_motion, config.objects, 1e-9 * _INTERVAL_NS

    def fit() -> NDArray[np.float64]:
        found = fit_camera_motion(
            points.reshape(-1, 3)[chosen],
            observed.reshape(-1, 3)[chosen],
            camera,
            inlier_px=ego.inlier_px,
            hypotheses=ego.hypotheses,
            min_share=ego.min_share,
        )
        assert found is not None
        return found.next_from_current

    rigid = fit()
    error_px = reprojection_error(points, observed, rigid, camera)
    velocity = own_velocity(points, next_points, rigid, interval_s)
    mask = moving_mask(error_px, velocity, objects.min_px, objects.min_speed_m_s)
    mask[motion.validity != 0] = 0
    return {
        "depth_from_disparity": lambda: depth_from_disparity(disparity, camera),
        "stereo_validity": lambda: stereo_validity(disparity, limits),
        "motion_validity": lambda: motion_validity(disparity, next_disparity, flow, limits),
        "scene_points": lambda: scene_points(disparity, next_disparity, flow, camera, camera),
        "scene_velocity": lambda: scene_velocity(points, next_points, interval_s),
        f"fit_camera_motion ({_FITTED} points)": fit,
        "reprojection_error": lambda: reprojection_error(points, observed, rigid, camera),
        "own_velocity": lambda: own_velocity(points, next_points, rigid, interval_s),
        "moving_mask": lambda: moving_mask(
            error_px, velocity, objects.min_px, objects.min_speed_m_s
        ),
        "find_objects": lambda: find_objects(mask, points, velocity, objects.min_pixels),
    }


def _stages(seen: _Seen, config: StereoConfig) -> Contenders:
    return {
        "stage depth, all of it": lambda: stereo_estimate(seen.view, seen.outputs, config.output),
        "stage motion, all of it": lambda: scene_flow_estimate(
            seen.estimate, seen.view, seen.following, seen.outputs, config
        ),
    }


def _seen(config: StereoConfig) -> _Seen:
    truth = next(stereo_sequence(1, height=_CAMERA[1], width=_CAMERA[0]))
    fit = choose_fit(_CAMERA, _NETWORK, "pad")
    intrinsics = truth.camera.left
    frame = StereoFrame(
        Frame(truth.left.image, 0, "left", intrinsics),
        Frame(truth.right_image, 0, "right", intrinsics),
        truth.camera,
    )
    view = view_of(frame, None, fit, "camera")
    following = replace(view, stamp_ns=_INTERVAL_NS)
    outputs = _outputs(truth, fit.margins)
    estimate = stereo_estimate(view, outputs, config.output)
    motion = scene_flow_estimate(estimate, view, following, outputs, config)
    return _Seen(view, following, replace(estimate, motion=motion), outputs)


def _outputs(truth: StereoTruth, margins: tuple[int, int, int, int]) -> dict[str, torch.Tensor]:
    """Return the truth with noise, as the network would give it for the padded image."""
    random = np.random.default_rng(0)
    top, bottom, left, right = margins
    planes = np.concatenate(
        [truth.disparity[None], truth.next_disparity[None], np.moveaxis(truth.left.flow, -1, 0)]
    )
    noisy = planes + _NOISE_PX * random.standard_normal(planes.shape, np.float32)
    padded = np.pad(noisy, ((0, 0), (top, bottom), (left, right)), mode="edge")
    tensor = torch.from_numpy(padded.astype(np.float32))[None]
    return {"disparity": tensor[:, :1], "next_disparity": tensor[:, 1:2], "flow": tensor[:, 2:]}


def _observed(flow: Float, next_disparity: Float) -> Float:
    rows, columns = np.indices(next_disparity.shape, np.float32)
    return np.stack([columns + flow[..., 0], rows + flow[..., 1], next_disparity], axis=-1)
