"""One camera's input topics: of what type, with what QoS, and when something last came."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.subscription import Subscription
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from scene_perception.nodes.input_watch import qos_text, silence_report
from scene_perception.nodes.node_config import NodeConfig

# One would do for the newest frame, but what DDS overwrites while the executor is busy with
# another callback nobody counts; the executor empties it at once, so no latency adds up.
_IMAGE_DEPTH = 3
_CAMERA_INFO_DEPTH = 5
_RELIABILITY = {
    "best_effort": ReliabilityPolicy.BEST_EFFORT,
    "reliable": ReliabilityPolicy.RELIABLE,
}


def camera_info_topic(node: Node, prefix: str = "") -> str:
    """Return the resolved name of a camera's CameraInfo topic."""
    return str(node.resolve_topic_name(f"{prefix}camera_info"))


def image_topic(node: Node, image_transport: str, prefix: str = "") -> str:
    """Return a camera's image topic as subscribed, following remappings of ``image_rect``.

    As with image_transport, the compressed images of a remapped topic are below it.
    """
    base = str(node.resolve_topic_name(f"{prefix}image_rect"))
    if image_transport == "raw":
        return base
    return str(node.resolve_topic_name(f"{base}/compressed"))


def subscribe(
    node: Node, message_type: type, topic: str, callback: Callable[[Any], None], qos: QoSProfile
) -> Subscription:
    """Subscribe without the default callbacks for a mismatch of QoS."""
    return node.create_subscription(
        message_type,
        topic,
        callback,
        qos,
        # As with the publishers: less for the executor; `silence_report` tells of a mismatch.
        event_callbacks=SubscriptionEventCallbacks(use_default_callbacks=False),
        qos_overriding_options=QoSOverridingOptions.with_default_policies(),
    )


def subscription_line(subscription: Subscription) -> str:
    """Return one line for the log: resolved name, type and QoS."""
    kind = subscription.msg_type.__name__
    return f"subscribes to {subscription.topic_name} [{kind}] {qos_text(subscription.qos_profile)}"


class CameraSubscriptions:
    """Images and CameraInfo of one camera; the callbacks run in the executor's thread.

    Args:
        node: that subscribes.
        config: transport and reliability.
        on_image: takes each Image or CompressedImage.
        on_camera_info: takes each CameraInfo.
        side: ``left`` or ``right``, the topics' prefix, or empty.
    """

    def __init__(
        self,
        node: Node,
        config: NodeConfig,
        on_image: Callable[[Any], None],
        on_camera_info: Callable[[CameraInfo], None],
        side: str = "",
    ) -> None:
        self._node = node
        self.image_name = f"{side} image".strip()
        self.camera_info_name = f"{side} camera_info".strip()
        prefix = side and f"{side}/"
        reliability = _RELIABILITY[config.image_reliability]
        self._image = subscribe(
            node,
            Image if config.image_transport == "raw" else CompressedImage,
            image_topic(node, config.image_transport, prefix),
            on_image,
            QoSProfile(depth=_IMAGE_DEPTH, reliability=reliability),
        )
        self._camera_info = subscribe(
            node,
            CameraInfo,
            f"{prefix}camera_info",
            on_camera_info,
            QoSProfile(depth=_CAMERA_INFO_DEPTH, reliability=reliability),
        )

    @property
    def image_topic(self) -> str:
        """As subscribed."""
        return str(self._image.topic_name)

    def lines(self) -> Iterator[str]:
        """Yield one line for the log per topic: resolved name, type and QoS."""
        yield subscription_line(self._image)
        yield subscription_line(self._camera_info)

    def image_silence(self, silence_s: float) -> str:
        """Return why no image may have come for ``silence_s``, from what the node sees."""
        return self._silence(self._image, self.image_name, silence_s)

    def camera_info_silence(self, silence_s: float) -> str:
        """Return why no CameraInfo may have come for ``silence_s``, from what the node sees."""
        return self._silence(self._camera_info, self.camera_info_name, silence_s)

    def destroy(self) -> None:
        """Take the subscriptions away."""
        self._node.destroy_subscription(self._image)
        self._node.destroy_subscription(self._camera_info)

    def _silence(self, subscription: Subscription, what: str, silence_s: float) -> str:
        kind = f"sensor_msgs/msg/{subscription.msg_type.__name__}"
        name, qos = subscription.topic_name, subscription.qos_profile
        return silence_report(self._node, name, kind, qos, silence_s, what)
