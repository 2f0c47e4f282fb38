"""What exists only while ``mono_node`` is active: subscriptions, pipeline and its thread."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from nav_msgs.msg import Odometry
from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from scene_perception.engines.base import Engine
from scene_perception.frame import MetricScale
from scene_perception.nodes.camera_info_cache import CameraInfoCache
from scene_perception.nodes.conversions import NANOSECONDS, stamp_ns
from scene_perception.nodes.frame_intake import FrameIntake
from scene_perception.nodes.mono_config import MonoNodeConfig
from scene_perception.nodes.mono_subscriptions import MonoSubscriptions, camera_info_topic
from scene_perception.nodes.mono_worker import MonoWorker, Sink
from scene_perception.nodes.statistics import Statistics
from scene_perception.nodes.throttled_log import ThrottledLog
from scene_perception.pipelines.mono import MonoPipeline

_BAD_ODOMETRY = "bad_odometry"


class MonoSession:
    """Runs from its construction until ``stop``; its methods belong to the executor's thread.

    Args:
        node: that subscribes.
        engines: by part.
        sink: the publishers.
        config: settings to begin with.
        statistics: of the node.
        log: of the node.
    """

    def __init__(
        self,
        node: Node,
        engines: Mapping[str, Engine],
        sink: Sink,
        config: MonoNodeConfig,
        statistics: Statistics,
        log: ThrottledLog,
    ) -> None:
        self._node = node
        self._config = config
        self._statistics = statistics
        self._log = log
        statistics.restart()
        topic = camera_info_topic(node)
        cameras = CameraInfoCache(topic, lambda: node.count_publishers(topic) > 0)
        self._intake = FrameIntake(cameras, statistics, log)
        self._pipeline = MonoPipeline(engines, config)
        self.worker = MonoWorker(self._pipeline, self._intake, sink, config, statistics, log)
        self.worker.start()
        self._inputs = MonoSubscriptions(
            node, config, self.worker.submit, cameras.put, self._on_odometry
        )
        for line in self._inputs.lines():
            node.get_logger().info(line)
        # Simulated time may stand still: what watches the input runs on the steady clock.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._watch = node.create_timer(config.no_image_warning_s, self._watch_input, clock=steady)

    @property
    def scale(self) -> MetricScale | None:
        """Of the newest depth; None before one."""
        return self.worker.scale

    @property
    def scale_status(self) -> str:
        """What the metric scale is or what it waits for, for people."""
        return self._pipeline.scale_status

    def image_age_s(self, now_ns: int) -> float | None:
        """Return now minus the newest frame's stamp; None before one."""
        newest_ns = self._intake.newest_stamp_ns
        return None if newest_ns is None else (now_ns - newest_ns) / NANOSECONDS

    def configure(self, config: MonoNodeConfig) -> None:
        """Use other run-time settings from the next frame on."""
        self._config = config
        self.worker.configure(config)
        self._inputs.follow(config)

    def stop(self) -> None:
        """Unsubscribe and end the inference thread."""
        self._node.destroy_timer(self._watch)
        self._inputs.destroy()
        if not self.worker.stop():
            self._node.get_logger().error("the inference thread hangs in an engine")

    def _on_odometry(self, message: Odometry) -> None:
        position = message.pose.pose.position
        try:
            xyz = np.array([position.x, position.y, position.z])
            self._pipeline.add_odometry(stamp_ns(message.header), xyz)
        except ValueError as error:
            self._statistics.count(_BAD_ODOMETRY)
            self._log.error(_BAD_ODOMETRY, f"{_BAD_ODOMETRY}: {error}")

    def _watch_input(self) -> None:
        silence_s = self._statistics.silence_s("image")
        if silence_s >= 0.9 * self._config.no_image_warning_s:
            self._node.get_logger().warning(self._inputs.silence(silence_s))
