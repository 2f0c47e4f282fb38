"""What exists only while ``mono_node`` is active."""

from __future__ import annotations

import numpy as np
from nav_msgs.msg import Odometry
from rclpy.node import Node

from scene_perception.nodes.camera_info_cache import CameraInfoCache
from scene_perception.nodes.conversions import stamp_ns
from scene_perception.nodes.frame_intake import FrameIntake
from scene_perception.nodes.journal import Journal
from scene_perception.nodes.mono_config import MonoNodeConfig
from scene_perception.nodes.mono_subscriptions import MonoSubscriptions
from scene_perception.nodes.session import Session
from scene_perception.nodes.subscriptions import camera_info_topic
from scene_perception.nodes.worker import Sink, Worker
from scene_perception.pipelines.mono import MonoPipeline, MonoResult

_BAD_ODOMETRY = "bad_odometry"


class MonoSession(Session[MonoNodeConfig]):
    """A session with one camera, and odometry for its scale.

    Args:
        node: that subscribes.
        pipeline: of its own.
        sink: the publishers.
        config: settings to begin with.
        journal: of the node.
    """

    def __init__(
        self,
        node: Node,
        pipeline: MonoPipeline,
        sink: Sink[MonoResult],
        config: MonoNodeConfig,
        journal: Journal,
    ) -> None:
        self._pipeline = pipeline
        self._journal = journal
        cameras = CameraInfoCache.of(node, camera_info_topic(node))
        intake = FrameIntake(
            cameras, journal, config.camera_info_wait_s, lambda: pipeline.intrinsics_reader
        )
        worker = Worker(pipeline, intake, sink, config, journal)
        self._subscriptions = MonoSubscriptions(
            node, config, journal.statistics, worker.submit, cameras.put, self._on_odometry
        )
        super().__init__(node, config, worker, self._subscriptions, journal)

    @property
    def scale_status(self) -> str:
        """What the metric scale is or what it waits for, for people."""
        return self._pipeline.scale_status

    def configure(self, config: MonoNodeConfig) -> None:
        """Use other run-time settings from the next frame on."""
        super().configure(config)
        self._subscriptions.follow(config)

    def _on_odometry(self, message: Odometry) -> None:
        position = message.pose.pose.position
        try:
            xyz = np.array([position.x, position.y, position.z])
            self._pipeline.add_odometry(stamp_ns(message.header), xyz)
        except ValueError as error:
            self._journal.refuse(_BAD_ODOMETRY, str(error))
