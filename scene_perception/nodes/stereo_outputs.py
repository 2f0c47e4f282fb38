"""What each output topic of ``stereo_node`` carries, in tables as in ``outputs.py``."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from numpy.typing import NDArray
from sensor_msgs.msg import PointCloud2
from stereo_msgs.msg import DisparityImage

from scene_perception import overlays, visualization
from scene_perception.frame import DepthEstimate, SceneFlowEstimate, StereoEstimate
from scene_perception.nodes import outputs
from scene_perception.nodes.messages import disparity_message
from scene_perception.nodes.object_messages import objects_message, speed_text
from scene_perception.nodes.outputs import Output, color_output, image_output, part_output
from scene_perception.nodes.point_cloud import scene_cloud_message
from scene_perception.pipelines.scene_points import stereo_scene_points


def points_message(estimate: StereoEstimate, stride: int) -> PointCloud2:
    """Return every ``stride``-th row and column as points, which move where that is known."""
    return scene_cloud_message(stereo_scene_points(estimate, stride), estimate.depth)


def _depth(estimate: StereoEstimate) -> DepthEstimate:
    return estimate.depth


def _moving(estimate: SceneFlowEstimate) -> NDArray[Any]:
    tinted = overlays.overlay_mask(estimate.depth.image, estimate.motion_mask)
    boxes = [moving.box for moving in estimate.objects]
    return overlays.overlay_boxes(tinted, boxes, [speed_text(o) for o in estimate.objects])


def _objects(estimate: SceneFlowEstimate) -> PointCloud2:
    return objects_message(estimate.objects, estimate.stamp_ns, estimate.frame_id)


def _marker_outputs() -> dict[str, Output[SceneFlowEstimate]]:
    """Return the table of ``moving_objects/markers``; empty without visualization_msgs."""
    try:
        markers = import_module("scene_perception.nodes.object_markers")
    except ImportError:
        return {}

    def make(estimate: SceneFlowEstimate) -> object:
        return markers.markers_message(estimate.objects, estimate.stamp_ns, estimate.frame_id)

    return {"moving_objects/markers": Output(markers.MarkerArray, make)}


DEPTH_OUTPUTS: Mapping[str, Output[StereoEstimate]] = {
    "disparity": Output(DisparityImage, disparity_message),
    "disparity/color": color_output(visualization.color_disparity, lambda seen: seen.disparity),
    **{name: part_output(output, _depth) for name, output in outputs.DEPTH_OUTPUTS.items()},
}
SEMANTIC_OUTPUTS: Mapping[str, Output[StereoEstimate]] = {
    name: part_output(output, _depth) for name, output in outputs.SEMANTIC_OUTPUTS.items()
}
MOTION_OUTPUTS: Mapping[str, Output[SceneFlowEstimate]] = {
    **outputs.FLOW_OUTPUTS,
    **outputs.MASK_OUTPUTS,
    **outputs.EGO_MOTION_OUTPUTS,
    "scene_flow/image": image_output("32FC3", lambda estimate: estimate.velocity),
    "scene_flow/color": color_output(visualization.color_scene_flow, lambda seen: seen.velocity),
    "validity/image": image_output("mono8", lambda estimate: estimate.validity),
    "validity/color": image_output(
        "rgb8", lambda estimate: visualization.color_validity(estimate.validity)
    ),
    "motion_mask/color": image_output("rgb8", _moving),
    "moving_objects": Output(PointCloud2, _objects),
    **_marker_outputs(),
}
