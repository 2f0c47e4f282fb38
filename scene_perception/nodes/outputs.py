"""What each output topic carries: its message type and how an estimate becomes the message.

A node walks these tables: to every topic that somebody listens to it publishes
``make(estimate)``. The point cloud is not here: it takes both estimates and settings.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from geometry_msgs.msg import TwistStamped
from numpy.typing import NDArray
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import String

from scene_perception import visualization
from scene_perception.cityscapes import label_names
from scene_perception.frame import DepthEstimate, MotionEstimate
from scene_perception.nodes.messages import camera_info_message, image_message, twist_message

Estimate = TypeVar("Estimate", DepthEstimate, MotionEstimate)


@dataclass(frozen=True)
class Output(Generic[Estimate]):
    """One topic: its message type and its maker, whose None means there is nothing to say."""

    message_type: type
    make: Callable[[Estimate], Any]


def label_names_message() -> String:
    """Return the names of the semantic labels as JSON: ``{"0": "road", ...}``."""
    return String(data=json.dumps(label_names()))


def _image(encoding: str, content: Callable[[Estimate], NDArray[Any]]) -> Output[Estimate]:
    def make(estimate: Estimate) -> Image:
        return image_message(content(estimate), encoding, estimate.stamp_ns, estimate.frame_id)

    return Output(Image, make)


def _camera_info(estimate: DepthEstimate) -> CameraInfo | None:
    if estimate.intrinsics is None:
        return None
    return camera_info_message(estimate.intrinsics, estimate.stamp_ns, estimate.frame_id)


def _twist(estimate: MotionEstimate) -> TwistStamped:
    return twist_message(estimate.ego_motion, estimate.stamp_ns, estimate.frame_id)


def _moving(estimate: MotionEstimate) -> NDArray[Any]:
    return visualization.overlay_mask(estimate.depth.image, estimate.motion_mask)


DEPTH_OUTPUTS: Mapping[str, Output[DepthEstimate]] = {
    "depth/image_rect": _image("32FC1", lambda estimate: estimate.depth),
    "depth/camera_info": Output(CameraInfo, _camera_info),
    "depth/color": _image(
        "rgb8",
        lambda estimate: visualization.color_sparsely(visualization.color_depth, estimate.depth),
    ),
    "semantic/image": _image("mono8", lambda estimate: estimate.labels),
    "semantic/color": _image("rgb8", lambda estimate: visualization.color_labels(estimate.labels)),
}
MOTION_OUTPUTS: Mapping[str, Output[MotionEstimate]] = {
    "flow/image": _image("32FC2", lambda estimate: estimate.flow),
    "flow/color": _image(
        "rgb8",
        lambda estimate: visualization.color_sparsely(visualization.color_flow, estimate.flow),
    ),
    "motion_mask/image": _image("mono8", lambda estimate: estimate.motion_mask),
    "motion_mask/color": _image("rgb8", _moving),
    "motion_probability/image": _image("32FC1", lambda estimate: estimate.motion_probability),
    "motion_probability/color": _image(
        "rgb8",
        lambda estimate: visualization.color_sparsely(
            visualization.color_probability, estimate.motion_probability
        ),
    ),
    "ego_motion": Output(TwistStamped, _twist),
}
