"""The stereo pipeline's own geometry on exact disparities and flow: no network in the loop.

Random weights say nothing about what follows the network. Here it gets what is true of the
generated street, so that its answers can be held against the truth.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from offline.synthetic.drive import PERIOD_S
from offline.synthetic.stereo import StereoTruth
from scene_perception.frame import (
    Frame,
    MovingObject,
    SceneFlowEstimate,
    StereoEstimate,
    StereoFrame,
)
from scene_perception.pipelines.stereo_config import StereoConfig
from scene_perception.pipelines.stereo_input import Fit
from scene_perception.pipelines.stereo_postprocess import (
    View,
    scene_flow_estimate,
    stereo_estimate,
    view_of,
)

_OBJECT_DEPTH = 0.1  # how far an object's pixels are from their median depth, as a share of it

Float = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Checked:
    """An estimate beside the truth.

    Attributes:
        pair: what is true.
        estimate: what the pipeline's geometry makes of the exact disparities and flow.
        motion: of the estimate.
    """

    pair: StereoTruth
    estimate: StereoEstimate
    motion: SceneFlowEstimate


def check_exactly(pair: StereoTruth, config: StereoConfig) -> Checked:
    """Return what the pipeline says about ``pair`` if the network makes no error."""
    view = _view(pair)
    following = replace(view, stamp_ns=view.stamp_ns + round(PERIOD_S * 1e9))
    outputs = _as_network(pair)
    estimate = stereo_estimate(view, outputs, config.output)
    motion = scene_flow_estimate(estimate, view, following, outputs, config)
    return Checked(pair, replace(estimate, motion=motion), motion)


def true_velocity(pair: StereoTruth, mask: NDArray[np.uint8], thing: MovingObject) -> Float:
    """Return the velocity over the ground of what most of an object's pixels show. # (3,).

    Other objects may be in its box, at other depths.
    """
    left, top, width, height = thing.box
    window = np.s_[top : top + height, left : left + width]
    near = np.abs(pair.left.depth[window] / thing.position_m[2] - 1) < _OBJECT_DEPTH
    shown = pair.movers[window][(mask[window] > 0) & near]
    mover = int(np.bincount(shown).argmax())
    if not mover:
        return np.zeros(3, np.float32)
    result: Float = np.nanmedian(pair.own_velocity[pair.movers == mover], axis=0)
    return result


def figures(checked: Checked) -> dict[str, Any]:
    """Return the largest errors where the pipeline says that its answer is valid.

    ``depth_error_percent`` is ``|Z - Z*| / Z*``, ``velocity_error_percent``
    ``|v - v*| / max(|v*|, 1 m/s)``, both the maximum over the valid pixels.
    """
    pair, motion = checked.pair, checked.motion
    valid = motion.validity == 0
    true_depth = pair.left.depth[valid]
    depth_error = np.abs(checked.estimate.depth.depth[valid] / true_depth - 1)
    speed = np.linalg.norm(pair.velocity[valid], axis=-1)
    difference = np.linalg.norm(motion.velocity[valid] - pair.velocity[valid], axis=-1)
    return {
        "stamp_ns": motion.stamp_ns,
        "valid_share": float(valid.mean()),
        "depth_error_percent": 100 * float(depth_error.max()),
        "velocity_error_percent": 100 * float((difference / np.maximum(speed, 1)).max()),
        "camera_speed_m_s": _camera_speed(motion),
        "true_camera_speed_m_s": true_camera_speed(pair, motion),
        "objects": [
            {"speed_m_s": _speed(thing.velocity_m_s), "true_speed_m_s": _speed(truth)}
            for thing in motion.objects
            for truth in [true_velocity(pair, motion.motion_mask, thing)]
        ],
    }


def true_camera_speed(pair: StereoTruth, motion: SceneFlowEstimate) -> float:
    """Return how fast the camera drives from one pair to the next, m/s."""
    seconds = (motion.next_stamp_ns - motion.stamp_ns) * 1e-9
    return _speed(pair.left.next_from_camera[:3, 3]) / seconds


def _camera_speed(motion: SceneFlowEstimate) -> float | None:
    return None if motion.ego_motion is None else _speed(motion.ego_motion.linear_m_s)


def _speed(velocity: NDArray[Any]) -> float:
    return math.hypot(*(float(component) for component in velocity))


def _view(pair: StereoTruth) -> View:
    left, camera = pair.left, pair.camera
    frame = StereoFrame(
        Frame(left.image, left.stamp_ns, left.frame_id, camera.left),
        Frame(pair.right_image, left.stamp_ns, left.frame_id, camera.right),
        camera,
    )
    size = (camera.left.width, camera.left.height)
    return view_of(frame, None, Fit(size, size, pad=True), "camera")


def _as_network(pair: StereoTruth) -> dict[str, Tensor]:
    """Return the truth in the shape of DWARF's outputs."""
    flow = np.ascontiguousarray(np.moveaxis(pair.left.flow, -1, 0))
    return {
        "disparity": torch.from_numpy(pair.disparity)[None, None],
        "next_disparity": torch.from_numpy(pair.next_disparity)[None, None],
        "flow": torch.from_numpy(flow)[None],
    }
