"""What exists only while ``stereo_node`` is active."""

from __future__ import annotations

from rclpy.node import Node

from scene_perception.geometry.stereo_camera import StereoCamera
from scene_perception.nodes.camera_info_cache import CameraInfoCache
from scene_perception.nodes.journal import Journal
from scene_perception.nodes.session import Session
from scene_perception.nodes.stereo_config import StereoNodeConfig
from scene_perception.nodes.stereo_intake import Caches, StereoIntake
from scene_perception.nodes.stereo_subscriptions import StereoSubscriptions
from scene_perception.nodes.subscriptions import camera_info_topic
from scene_perception.nodes.worker import Sink, Worker
from scene_perception.pipelines.stereo import StereoPipeline, StereoResult


class StereoSession(Session[StereoNodeConfig]):
    """A session with a stereo camera.

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
        pipeline: StereoPipeline,
        sink: Sink[StereoResult],
        config: StereoNodeConfig,
        journal: Journal,
    ) -> None:
        caches = Caches(
            *(CameraInfoCache.of(node, camera_info_topic(node, f"{s}/")) for s in Caches._fields)
        )
        self._intake = StereoIntake(
            caches, journal, pipeline.fit_of, config.camera_info_wait_s, config.baseline_m
        )
        worker = Worker(pipeline, self._intake, sink, config, journal)
        inputs = StereoSubscriptions(node, config, journal, caches, worker.submit)
        super().__init__(node, config, worker, inputs, journal)

    @property
    def camera(self) -> StereoCamera | None:
        """Calibration of the newest pair; None before a usable one."""
        return self._intake.camera
