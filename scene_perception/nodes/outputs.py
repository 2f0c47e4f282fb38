"""What each output topic carries: its message type and how an estimate becomes the message.

A node walks tables like these: to every topic that somebody listens to it publishes
``make(estimate)``. The tables here are ``mono_node``'s, those of ``stereo_node`` are in
``stereo_outputs.py``. Point clouds are in neither: they take settings besides.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from geometry_msgs.msg import TwistStamped
from numpy.typing import NDArray
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import String

from scene_perception import overlays, visualization
from scene_perception.cityscapes import label_names
from scene_perception.frame import DepthEstimate, EgoMotion, MotionEstimate
from scene_perception.nodes.messages import camera_info_message, image_message, twist_message
from scene_perception.pipelines.parts import Content


class Described(Protocol):
    """An estimate: it says which frame it is of."""

    @property
    def stamp_ns(self) -> int:
        """Of the frame."""
        ...

    @property
    def frame_id(self) -> str:
        """Of the frame."""
        ...


class Moving(Described, Protocol):
    """What every estimate of motion has; attributes as in ``frame.MotionEstimate``."""

    @property
    def flow(self) -> NDArray[np.float32] | None:
        """To the next frame, px; None where it is unknown. # (H, W, 2)."""
        ...

    @property
    def motion_mask(self) -> NDArray[np.uint8] | None:
        """255 on what moves by itself; None where it is unknown. # (H, W)."""
        ...

    @property
    def ego_motion(self) -> EgoMotion | None:
        """Of the camera; None where it is unknown."""
        ...


Estimate_contra = TypeVar("Estimate_contra", contravariant=True)
Estimate = TypeVar("Estimate", bound=Described)
Whole = TypeVar("Whole")
Part = TypeVar("Part")


@dataclass(frozen=True)
class Output(Generic[Estimate_contra]):
    """One topic: its message type and its maker, whose None means there is nothing to say."""

    message_type: type
    make: Callable[[Estimate_contra], Any]


def label_names_message() -> String:
    """Return the names of the semantic labels as JSON: ``{"0": "road", ...}``."""
    return String(data=json.dumps(label_names()))


def image_output(
    encoding: str, content: Callable[[Estimate], NDArray[Any] | None]
) -> Output[Estimate]:
    """Return the output that publishes an array of an estimate as an image."""

    def make(estimate: Estimate) -> Image | None:
        pixels = content(estimate)
        if pixels is None:
            return None
        return image_message(pixels, encoding, estimate.stamp_ns, estimate.frame_id)

    return Output(Image, make)


def color_output(
    color: Callable[[NDArray[np.float32]], visualization.Pixels],
    content: Callable[[Estimate], NDArray[np.float32] | None],
) -> Output[Estimate]:
    """Return the output that publishes an array of an estimate in colour."""

    def colored(estimate: Estimate) -> visualization.Pixels | None:
        values = content(estimate)
        return None if values is None else visualization.color_sparsely(color, values)

    return image_output("rgb8", colored)


def part_output(output: Output[Part], part: Callable[[Whole], Part]) -> Output[Whole]:
    """Return the output that publishes a part of an estimate as ``output`` does."""
    return Output(output.message_type, lambda estimate: output.make(part(estimate)))


def _camera_info(estimate: DepthEstimate) -> CameraInfo | None:
    if estimate.intrinsics is None:
        return None
    return camera_info_message(estimate.intrinsics, estimate.stamp_ns, estimate.frame_id)


def _twist(estimate: Moving) -> TwistStamped | None:
    if estimate.ego_motion is None:
        return None
    return twist_message(estimate.ego_motion, estimate.stamp_ns, estimate.frame_id)


def _moving(estimate: MotionEstimate) -> NDArray[Any] | None:
    if estimate.motion_mask is None:
        return None
    return overlays.overlay_mask(estimate.depth.image, estimate.motion_mask)


DEPTH_OUTPUTS: Mapping[str, Output[DepthEstimate]] = {
    "depth/image_rect": image_output("32FC1", lambda estimate: estimate.depth),
    "depth/camera_info": Output(CameraInfo, _camera_info),
    "depth/color": color_output(visualization.color_depth, lambda estimate: estimate.depth),
}
SEMANTIC_OUTPUTS: Mapping[str, Output[DepthEstimate]] = {
    "semantic/image": image_output("mono8", lambda estimate: estimate.labels),
    "semantic/color": image_output(
        "rgb8", lambda estimate: visualization.color_labels(estimate.labels)
    ),
}
FLOW_OUTPUTS: Mapping[str, Output[Moving]] = {
    "flow/image": image_output("32FC2", lambda estimate: estimate.flow),
    "flow/color": color_output(visualization.color_flow, lambda estimate: estimate.flow),
}
MASK_OUTPUTS: Mapping[str, Output[Moving]] = {
    "motion_mask/image": image_output("mono8", lambda estimate: estimate.motion_mask),
}
EGO_MOTION_OUTPUTS: Mapping[str, Output[Moving]] = {"ego_motion": Output(TwistStamped, _twist)}

# By what must be known for them: a topic without a source is not offered.
DEPTH_TABLES: Mapping[Content, Mapping[str, Output[DepthEstimate]]] = {
    "depth": DEPTH_OUTPUTS,
    "labels": SEMANTIC_OUTPUTS,
}
MOTION_TABLES: Mapping[Content, Mapping[str, Output[MotionEstimate]]] = {
    "flow": FLOW_OUTPUTS,
    "ego_motion": EGO_MOTION_OUTPUTS,
    "motion_mask": {**MASK_OUTPUTS, "motion_mask/color": image_output("rgb8", _moving)},
    "motion_probability": {
        "motion_probability/image": image_output("32FC1", lambda seen: seen.motion_probability),
        "motion_probability/color": color_output(
            visualization.color_probability, lambda estimate: estimate.motion_probability
        ),
    },
}


def known_outputs(
    tables: Mapping[Content, Mapping[str, Output[Estimate]]], contents: Collection[Content]
) -> dict[str, Output[Estimate]]:
    """Return the outputs of ``tables`` that ``contents`` has a source for."""
    known = [table for content, table in tables.items() if content in contents]
    return {name: output for table in known for name, output in table.items()}
