"""Topics known only by name and type: their message classes and fitting quality of service."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from rclpy.topic_endpoint_info import TopicEndpointInfo

from scene_perception.recordings.bags import BagTopic
from scene_perception.recordings.playback import IMAGE_TYPES

_IMAGE_DEPTH = 5
_OTHER_DEPTH = 100


def message_class(msgtype: str) -> type[Any]:
    """Return the class of a message type such as ``sensor_msgs/msg/Image``.

    Raises:
        ValueError: if no such type is installed.
    """
    package, _, name = msgtype.partition("/msg/")
    try:
        kind: type[Any] = getattr(importlib.import_module(f"{package}.msg"), name)
    except (ImportError, AttributeError, ValueError, TypeError) as error:
        raise ValueError(
            f"message type {msgtype} is not installed ({error}); "
            "install its package or source the workspace that has it"
        ) from error
    return kind


def playback_qos(topic: BagTopic) -> QoSProfile:
    """Return what a recorded topic is offered with.

    Reliable, which matches every subscription (REP 2003); latched topics stay latched.
    """
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=_IMAGE_DEPTH if topic.type in IMAGE_TYPES else _OTHER_DEPTH,
        reliability=ReliabilityPolicy.RELIABLE,
        durability=_durability(topic.latched),
    )


def matching_qos(publishers: Sequence[TopicEndpointInfo], depth: int) -> QoSProfile:
    """Return the strongest quality of service that all of ``publishers`` offer."""
    offered = [publisher.qos_profile for publisher in publishers]
    reliable = all(qos.reliability == ReliabilityPolicy.RELIABLE for qos in offered)
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=depth,
        reliability=ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
        durability=_durability(are_latched(publishers)),
    )


def are_latched(publishers: Sequence[TopicEndpointInfo]) -> bool:
    """Return whether all of ``publishers`` offer their last messages to late subscribers."""
    kept = DurabilityPolicy.TRANSIENT_LOCAL
    return all(publisher.qos_profile.durability == kept for publisher in publishers)


def describe(qos: QoSProfile) -> str:
    """Return the policies that decide whether two ends match, for the log."""
    return f"{qos.reliability.name}, {qos.durability.name}, depth {qos.depth}".lower()


def _durability(latched: bool) -> DurabilityPolicy:
    return DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE
