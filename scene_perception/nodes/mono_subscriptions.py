"""``mono_node``'s inputs: one camera, and odometry while that gives the scale."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from nav_msgs.msg import Odometry
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.subscription import Subscription
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from scene_perception.nodes.diagnostics import InputState
from scene_perception.nodes.mono_config import MonoNodeConfig
from scene_perception.nodes.statistics import Statistics
from scene_perception.nodes.subscriptions import (
    CameraSubscriptions,
    subscribe,
    subscription_line,
)


class MonoSubscriptions:
    """The subscriptions of an active node; their callbacks run in the executor's thread.

    Args:
        node: that subscribes.
        config: transport, reliability and scale source.
        statistics: of the node.
        on_image: takes each image message.
        on_camera_info: takes each CameraInfo.
        on_odometry: takes each Odometry, where ``scale.source`` is odometry.
    """

    def __init__(
        self,
        node: Node,
        config: MonoNodeConfig,
        statistics: Statistics,
        on_image: Callable[[Image | CompressedImage], None],
        on_camera_info: Callable[[CameraInfo], None],
        on_odometry: Callable[[Odometry], None],
    ) -> None:
        self._node = node
        self._statistics = statistics
        self._on_image = on_image
        self._on_odometry = on_odometry
        self._camera = CameraSubscriptions(node, config, self._take_image, on_camera_info)
        self._odometry: Subscription | None = None
        self.follow(config)

    def follow(self, config: MonoNodeConfig) -> None:
        """Subscribe to odometry while it is the source of scale, and only then."""
        wanted = config.scale.source == "odometry"
        if wanted and self._odometry is None:
            qos = QoSProfile(depth=50, reliability=ReliabilityPolicy.BEST_EFFORT)
            self._odometry = subscribe(self._node, Odometry, "odometry", self._on_odometry, qos)
        elif not wanted and self._odometry is not None:
            self._node.destroy_subscription(self._odometry)
            self._odometry = None

    def lines(self) -> Iterator[str]:
        """Yield one line for the log per topic: resolved name, type and QoS."""
        yield from self._camera.lines()
        if self._odometry is not None:
            yield subscription_line(self._odometry)

    def states(self) -> tuple[InputState, ...]:
        """Return for how long no image has come."""
        name = self._camera.image_name
        return (InputState(name, self._camera.image_topic, self._statistics.silence_s(name)),)

    def complaints(self, patience_s: float) -> Iterator[str]:
        """Yield what may be wrong where no image has come for ``patience_s``."""
        silence_s = self._statistics.silence_s(self._camera.image_name)
        if silence_s >= patience_s:
            yield self._camera.image_silence(silence_s)

    def destroy(self) -> None:
        """Take the subscriptions away."""
        self._camera.destroy()
        if self._odometry is not None:
            self._node.destroy_subscription(self._odometry)
            self._odometry = None

    def _take_image(self, message: Image | CompressedImage) -> None:
        self._statistics.mark(self._camera.image_name)
        self._on_image(message)
