"""``mono_node``'s inputs: which topics, of what type and with what QoS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from nav_msgs.msg import Odometry
from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.subscription import Subscription
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from scene_perception.nodes.input_watch import qos_text, silence_report
from scene_perception.nodes.mono_config import MonoNodeConfig

# One would do for the newest frame, but what DDS overwrites while the executor is busy with
# another callback nobody counts; the executor empties it at once, so no latency adds up.
_IMAGE_DEPTH = 3
_RELIABILITY = {
    "best_effort": ReliabilityPolicy.BEST_EFFORT,
    "reliable": ReliabilityPolicy.RELIABLE,
}


def camera_info_topic(node: Node) -> str:
    """Return the resolved name of the CameraInfo topic."""
    return str(node.resolve_topic_name("camera_info"))


def image_topic(node: Node, config: MonoNodeConfig) -> str:
    """Return the image topic as subscribed, following remappings of ``image_rect``.

    As with image_transport, the compressed images of a remapped topic are below it.
    """
    base = str(node.resolve_topic_name("image_rect"))
    if config.image_transport == "raw":
        return base
    return str(node.resolve_topic_name(f"{base}/compressed"))


class MonoSubscriptions:
    """The subscriptions of an active node; their callbacks run in the executor's thread.

    Args:
        node: that subscribes.
        config: transport, reliability and scale source.
        on_image: takes each Image or CompressedImage.
        on_camera_info: takes each CameraInfo.
        on_odometry: takes each Odometry, where ``scale.source`` is odometry.
    """

    def __init__(
        self,
        node: Node,
        config: MonoNodeConfig,
        on_image: Callable[[Any], None],
        on_camera_info: Callable[[CameraInfo], None],
        on_odometry: Callable[[Odometry], None],
    ) -> None:
        self._node = node
        self._on_odometry = on_odometry
        reliability = _RELIABILITY[config.image_reliability]
        message_type = Image if config.image_transport == "raw" else CompressedImage
        self._image = self._subscribe(
            message_type,
            image_topic(node, config),
            on_image,
            QoSProfile(depth=_IMAGE_DEPTH, reliability=reliability),
        )
        self._camera_info = self._subscribe(
            CameraInfo, "camera_info", on_camera_info, QoSProfile(depth=5, reliability=reliability)
        )
        self._odometry: Subscription | None = None
        self.follow(config)

    def follow(self, config: MonoNodeConfig) -> None:
        """Subscribe to odometry while it is the source of scale, and only then."""
        wanted = config.scale.source == "odometry"
        if wanted and self._odometry is None:
            qos = QoSProfile(depth=50, reliability=ReliabilityPolicy.BEST_EFFORT)
            self._odometry = self._subscribe(Odometry, "odometry", self._on_odometry, qos)
        elif not wanted and self._odometry is not None:
            self._node.destroy_subscription(self._odometry)
            self._odometry = None

    def lines(self) -> Iterator[str]:
        """Yield one line for the log per topic: resolved name, type and QoS."""
        for subscription in self._all():
            kind = subscription.msg_type.__name__
            qos = qos_text(subscription.qos_profile)
            yield f"subscribes to {subscription.topic_name} [{kind}] {qos}"

    def silence(self, silence_s: float) -> str:
        """Return why no image may have come for ``silence_s``, from what the node sees."""
        kind = f"sensor_msgs/msg/{self._image.msg_type.__name__}"
        return silence_report(
            self._node, self._image.topic_name, kind, self._image.qos_profile, silence_s
        )

    def destroy(self) -> None:
        """Take the subscriptions away."""
        for subscription in self._all():
            self._node.destroy_subscription(subscription)
        self._odometry = None

    def _all(self) -> Iterator[Subscription]:
        yield from (self._image, self._camera_info)
        if self._odometry is not None:
            yield self._odometry

    def _subscribe(
        self, message_type: type, topic: str, callback: Callable[[Any], None], qos: QoSProfile
    ) -> Subscription:
        return self._node.create_subscription(
            message_type,
            topic,
            callback,
            qos,
            # As with the publishers: less for the executor; `silence` reports a mismatch.
            event_callbacks=SubscriptionEventCallbacks(use_default_callbacks=False),
            qos_overriding_options=QoSOverridingOptions.with_default_policies(),
        )
