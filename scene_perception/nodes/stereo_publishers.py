"""``stereo_node``'s output topics: made once, filled only while somebody listens."""

from __future__ import annotations

from collections.abc import Iterator

from rclpy.lifecycle import LifecycleNode
from sensor_msgs.msg import PointCloud2

from scene_perception.frame import StereoEstimate
from scene_perception.nodes.journal import Journal
from scene_perception.nodes.label_info import label_messages
from scene_perception.nodes.publishers import Publishers, types_of
from scene_perception.nodes.stereo_config import StereoNodeConfig
from scene_perception.nodes.stereo_outputs import (
    DEPTH_OUTPUTS,
    MOTION_OUTPUTS,
    SEMANTIC_OUTPUTS,
    points_message,
)
from scene_perception.nodes.swap_watch import SwapWatch
from scene_perception.pipelines.stereo import StereoResult

POINTS = "points"


class StereoPublishers:
    """All output topics of a configured node.

    Args:
        node: that publishes; its publishers stay silent until it is active.
        config: settings to begin with.
        journal: of the node.
        provides_labels: whether there are semantics; without them their topics do not exist.
    """

    def __init__(
        self,
        node: LifecycleNode,
        config: StereoNodeConfig,
        journal: Journal,
        *,
        provides_labels: bool,
    ) -> None:
        self.config = config
        self._statistics = journal.statistics
        self._swap_watch = SwapWatch(journal)
        self._latched = label_messages() if provides_labels else {}
        self._outputs = {**DEPTH_OUTPUTS, **(SEMANTIC_OUTPUTS if provides_labels else {})}
        streams = {**types_of(self._outputs, MOTION_OUTPUTS), POINTS: PointCloud2}
        latched = {name: type(message) for name, message in self._latched.items()}
        self._publishers = Publishers(node, streams, latched)

    def lines(self) -> Iterator[str]:
        """Yield one line for the log per topic: resolved name, type and QoS."""
        return self._publishers.lines()

    def announce(self) -> None:
        """Publish the latched names of the semantic labels."""
        for name, message in self._latched.items():
            self._publishers.latch(name, message)

    def wants_motion(self) -> bool:
        """Whether somebody listens to what only scene flow gives; points carry velocities."""
        return not self.config.lazy or self._publishers.heard((*MOTION_OUTPUTS, POINTS))

    def publish(self, result: StereoResult) -> None:
        """Publish what somebody listens to."""
        estimate = result.estimate
        if estimate is None:
            return
        self._swap_watch.observe(estimate.negative_share)
        self._publishers.send_all(self._outputs, estimate)
        self._publishers.send(POINTS, self._points, estimate)
        self._statistics.mark("depth")
        if estimate.motion is not None:
            self._publishers.send_all(MOTION_OUTPUTS, estimate.motion)
            self._statistics.mark("motion")

    def destroy(self) -> None:
        """Take the topics away."""
        self._publishers.destroy()

    def _points(self, estimate: StereoEstimate) -> PointCloud2:
        return points_message(estimate, self.config.points_stride)
