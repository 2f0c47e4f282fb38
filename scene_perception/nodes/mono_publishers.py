"""``mono_node``'s output topics: made once, filled only while somebody listens."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator

from rclpy.impl.rcutils_logger import RcutilsLogger
from rclpy.lifecycle import LifecycleNode
from sensor_msgs.msg import PointCloud2
from std_msgs.msg import String

from scene_perception.frame import DepthEstimate, MetricScale, MotionEstimate
from scene_perception.nodes.label_info import label_messages
from scene_perception.nodes.mono_config import MonoNodeConfig
from scene_perception.nodes.outputs import DEPTH_TABLES, MOTION_TABLES, known_outputs
from scene_perception.nodes.point_cloud import scene_cloud_message
from scene_perception.nodes.publishers import Publishers, types_of
from scene_perception.nodes.statistics import Statistics
from scene_perception.pipelines.mono import MonoResult
from scene_perception.pipelines.parts import Content
from scene_perception.pipelines.scene_points import (
    ScenePoints,
    moving_scene_points,
    scene_points,
)

POINTS, UNIT = "points", "depth/unit"
_FACTOR_STEP = 0.01


class MonoPublishers:
    """All output topics of a configured node.

    Args:
        node: that publishes; its publishers stay silent until it is active.
        config: settings to begin with.
        statistics: of the node.
        contents: what the engines give; topics of anything else do not exist.
    """

    def __init__(
        self,
        node: LifecycleNode,
        config: MonoNodeConfig,
        statistics: Statistics,
        contents: Collection[Content],
    ) -> None:
        self._logger = node.get_logger()
        self.config = config
        self._statistics = statistics
        self.scale: MetricScale | None = None
        self._announced: MetricScale | None = None
        self._gives_velocity = "velocity" in contents
        self._depth_outputs = known_outputs(DEPTH_TABLES, contents)
        self._motion_outputs = known_outputs(MOTION_TABLES, contents)
        streams = {**types_of(self._depth_outputs, self._motion_outputs), POINTS: PointCloud2}
        self._latched = label_messages() if "labels" in contents else {}
        latched = {name: type(message) for name, message in self._latched.items()}
        self._publishers = Publishers(node, streams, {**latched, UNIT: String})

    def lines(self) -> Iterator[str]:
        """Yield one line for the log per topic: resolved name, type and QoS."""
        return self._publishers.lines()

    def announce(self) -> None:
        """Publish the latched names of the semantic labels."""
        for name, message in self._latched.items():
            self._publishers.latch(name, message)

    def wants_motion(self) -> bool:
        """Whether somebody listens to what only the motion decoders give."""
        names = [*self._motion_outputs, *([POINTS] if self._points_wait() else [])]
        return not self.config.lazy or self._publishers.heard(names)

    def publish(self, result: MonoResult) -> None:
        """Publish what somebody listens to."""
        if result.depth is not None:
            self.scale = result.depth.scale
            self._publish_depth(result.depth)
            self._statistics.mark("depth")
        if result.motion is not None:
            self._publish_motion(result.motion)
            self._statistics.mark("motion")

    def _publish_depth(self, depth: DepthEstimate) -> None:
        self._announce_unit(depth.scale)
        self._publishers.send_all(self._depth_outputs, depth)
        if not self._points_wait():
            self._publishers.send(POINTS, self._points, depth)

    def _publish_motion(self, motion: MotionEstimate) -> None:
        self._publishers.send_all(self._motion_outputs, motion)
        if self._points_wait():
            self._publishers.send(POINTS, self._moving_points, motion)

    def _points(self, depth: DepthEstimate) -> PointCloud2 | None:
        return _cloud(scene_points(depth, self.config.points_stride), depth)

    def _moving_points(self, motion: MotionEstimate) -> PointCloud2 | None:
        return _cloud(moving_scene_points(motion, self.config.points_stride), motion.depth)

    def destroy(self) -> None:
        """Take the topics away."""
        self._publishers.destroy()

    def _points_wait(self) -> bool:
        return self.config.points_wait_for_motion and self._gives_velocity

    def _announce_unit(self, scale: MetricScale) -> None:
        """Publish the latched unit of depth where it differs from the last one told."""
        last = self._announced
        is_new = last is None or (last.source, last.is_metric) != (scale.source, scale.is_metric)
        if last is not None and not is_new and _close(scale.factor, last.factor):
            return
        self._announced = scale
        self._publishers.latch(UNIT, unit_message(scale))
        if is_new:
            log_unit(self._logger, scale)


def _cloud(points: ScenePoints | None, depth: DepthEstimate) -> PointCloud2 | None:
    return None if points is None else scene_cloud_message(points, depth)


def unit_message(scale: MetricScale) -> String:
    """Return what depth is measured in, as JSON: ``{"unit": "m", "source": ..., ...}``."""
    unit = "m" if scale.is_metric else "relative"
    told = {
        "unit": unit,
        "source": scale.source,
        "factor": scale.factor if scale.is_metric else None,
    }
    return String(data=json.dumps(told))


def log_unit(logger: RcutilsLogger, scale: MetricScale) -> None:
    """Say in the log what depth is measured in; relative depth is worth a warning."""
    if scale.is_metric:
        logger.info(f"depth is metric, from {scale.source}: {scale.factor:.4g} m per unit")
    elif scale.source == "none":
        logger.warning(
            "depth is relative: depth, points and ego_motion have no unit; set scale.source to "
            "fixed, camera_height or odometry for metres"
        )
    else:
        logger.warning(f"depth is relative until scale.source {scale.source} has been measured")


def _close(factor: float, other: float) -> bool:
    return abs(factor - other) <= _FACTOR_STEP * other
