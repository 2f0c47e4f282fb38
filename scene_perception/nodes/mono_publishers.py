"""``mono_node``'s output topics: made once, filled only while somebody listens."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TypeVar

from rclpy.event_handler import PublisherEventCallbacks
from rclpy.impl.rcutils_logger import RcutilsLogger
from rclpy.lifecycle import LifecycleNode, LifecyclePublisher
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from sensor_msgs.msg import PointCloud2
from std_msgs.msg import String

from scene_perception.frame import DepthEstimate, MetricScale, MotionEstimate
from scene_perception.nodes.input_watch import qos_text
from scene_perception.nodes.label_info import label_info
from scene_perception.nodes.mono_config import MonoNodeConfig
from scene_perception.nodes.outputs import (
    DEPTH_OUTPUTS,
    MOTION_OUTPUTS,
    label_names_message,
)
from scene_perception.nodes.point_cloud import point_cloud_message
from scene_perception.pipelines.scene_points import (
    ScenePoints,
    moving_scene_points,
    scene_points,
)

POINTS, LABELS, UNIT = "points", "semantic/labels", "depth/unit"
LABEL_INFO = "semantic/label_info"
STREAM_QOS = QoSProfile(depth=5, reliability=ReliabilityPolicy.RELIABLE)
LATCHED_QOS = QoSProfile(
    depth=1,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)
_FACTOR_STEP = 0.01
Estimate = TypeVar("Estimate")


class MonoPublishers:
    """All output topics of a configured node; its methods belong to the inference thread.

    Args:
        node: that publishes; its publishers stay silent until it is active.
        config: settings to begin with.
        provides_motion: whether the engines give more than depth and labels; without them
            the topics of motion do not exist.
    """

    def __init__(
        self, node: LifecycleNode, config: MonoNodeConfig, *, provides_motion: bool
    ) -> None:
        self._node = node
        self.config = config
        self._announced: MetricScale | None = None
        self._motion_outputs = MOTION_OUTPUTS if provides_motion else {}
        types: dict[str, type] = {name: entry.message_type for name, entry in DEPTH_OUTPUTS.items()}
        types |= {name: entry.message_type for name, entry in self._motion_outputs.items()}
        types[POINTS] = PointCloud2
        self._streams = {name: self._create(kind, name, STREAM_QOS) for name, kind in types.items()}
        self._latched = {name: self._create(String, name, LATCHED_QOS) for name in (LABELS, UNIT)}
        self._label_info = label_info()
        if self._label_info is not None:
            kind = self._label_info.message_type
            self._latched[LABEL_INFO] = self._create(kind, LABEL_INFO, LATCHED_QOS)

    def lines(self) -> Iterator[str]:
        """Yield one line for the log per topic: resolved name, type and QoS."""
        for publisher in (*self._streams.values(), *self._latched.values()):
            kind = publisher.msg_type.__name__
            yield f"publishes {publisher.topic_name} [{kind}] {qos_text(publisher.qos_profile)}"

    def wants_motion(self) -> bool:
        """Whether somebody listens to what only the motion decoders give."""
        if self._points_wait() and self._heard(POINTS):
            return True
        return any(self._heard(name) for name in self._motion_outputs)

    def announce_labels(self) -> None:
        """Publish the latched names of the semantic labels."""
        self._latched[LABELS].publish(label_names_message())
        if self._label_info is not None:
            self._latched[LABEL_INFO].publish(self._label_info.message)

    def publish_depth(self, depth: DepthEstimate) -> None:
        """Publish everything that needs only this frame."""
        self._announce_unit(depth.scale)
        for name, output in DEPTH_OUTPUTS.items():
            self._send(name, output.make, depth)
        if not self._points_wait():
            self._send(POINTS, self._points, depth)

    def publish_motion(self, motion: MotionEstimate) -> None:
        """Publish everything that needed the next frame too."""
        for name, output in self._motion_outputs.items():
            self._send(name, output.make, motion)
        if self._points_wait():
            self._send(POINTS, self._moving_points, motion)

    def _points(self, depth: DepthEstimate) -> PointCloud2 | None:
        return _cloud(scene_points(depth, self.config.points_stride), depth)

    def _moving_points(self, motion: MotionEstimate) -> PointCloud2 | None:
        return _cloud(moving_scene_points(motion, self.config.points_stride), motion.depth)

    def destroy(self) -> None:
        """Take the topics away."""
        for publisher in (*self._streams.values(), *self._latched.values()):
            self._node.destroy_lifecycle_publisher(publisher)

    def _create(self, message_type: type, name: str, qos: QoSProfile) -> LifecyclePublisher:
        return self._node.create_lifecycle_publisher(
            message_type,
            name,
            qos,
            # The default callbacks only log a mismatch; each adds two entities that every
            # turn of the executor visits: half its time, while it holds Python's lock.
            event_callbacks=PublisherEventCallbacks(use_default_callbacks=False),
            qos_overriding_options=QoSOverridingOptions.with_default_policies(),
        )

    def _points_wait(self) -> bool:
        return self.config.points_wait_for_motion and bool(self._motion_outputs)

    def _heard(self, name: str) -> bool:
        return bool(self._streams[name].get_subscription_count())

    def _send(self, name: str, make: Callable[[Estimate], object], estimate: Estimate) -> None:
        if self._heard(name):
            message = make(estimate)
            if message is not None:
                self._streams[name].publish(message)

    def _announce_unit(self, scale: MetricScale) -> None:
        """Publish the latched unit of depth where it differs from the last one told."""
        last = self._announced
        is_new = last is None or (last.source, last.is_metric) != (scale.source, scale.is_metric)
        if last is not None and not is_new and _close(scale.factor, last.factor):
            return
        self._announced = scale
        self._latched[UNIT].publish(unit_message(scale))
        if is_new:
            log_unit(self._node.get_logger(), scale)


def _cloud(points: ScenePoints | None, depth: DepthEstimate) -> PointCloud2 | None:
    if points is None:
        return None
    return point_cloud_message(
        points.xyz, points.rgb, points.labels, points.velocity, depth.stamp_ns, depth.frame_id
    )


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
