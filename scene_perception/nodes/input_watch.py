"""Why nothing comes: what a node sees on its topic and elsewhere, in one line."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator

from rclpy.node import Node
from rclpy.qos import QoSCompatibility, QoSProfile, qos_check_compatible
from rclpy.topic_endpoint_info import TopicEndpointInfo

from scene_perception.nodes.dds import PROFILES_FILE, profile_path

IMAGE_TYPES = ("sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage")
_MOST_TOPICS = 5


def qos_text(qos: QoSProfile) -> str:
    """Return a QoS profile as ``best_effort, volatile, depth 1``."""
    policies = f"{qos.reliability.name.lower()}, {qos.durability.name.lower()}"
    return f"{policies}, depth {qos.depth}" if qos.depth else policies


def silence_report(
    node: Node,
    topic: str,
    type_name: str,
    qos: QoSProfile,
    silence_s: float,
    what: str = "image",
) -> str:
    """Return what may be wrong with a topic that brings nothing, and what to do about it.

    Args:
        node: whose graph is asked.
        topic: resolved name of the subscription.
        type_name: of the subscription, like ``sensor_msgs/msg/Image``.
        qos: of the subscription.
        silence_s: since the last message.
        what: is missing, for people.
    """
    start = f"no {what} for {silence_s:.0f} s on {topic} ({type_name}, {qos_text(qos)}): "
    publishers = node.get_publishers_info_by_topic(topic)
    if not publishers:
        return f"{start}no publisher. {_elsewhere(node, topic, type_name)}"
    seen = "; ".join(_publisher(info, type_name, qos) for info in publishers)
    return f"{start}{len(publishers)} publisher{'s' * (len(publishers) > 1)}: {seen}"


def _publisher(info: TopicEndpointInfo, type_name: str, qos: QoSProfile) -> str:
    name = f"{info.node_namespace.rstrip('/')}/{info.node_name}"
    seen = f"{name} ({info.topic_type}, {qos_text(info.qos_profile)}) "
    if info.topic_type != type_name:
        return seen + "is of another type: see the parameter image_transport"
    compatibility, reason = qos_check_compatible(info.qos_profile, qos)
    if compatibility == QoSCompatibility.ERROR:
        return f"{seen}has incompatible QoS ({reason.strip()}): see image_reliability"
    return (
        f"{seen}matches but nothing arrives: it sends nothing, or its shared memory is too "
        f"small for its images; start it with {PROFILES_FILE}={profile_path()}"
    )


def _elsewhere(node: Node, topic: str, type_name: str) -> str:
    wanted = IMAGE_TYPES if type_name in IMAGE_TYPES else (type_name,)
    carried = "images" if wanted is IMAGE_TYPES else type_name.rpartition("/")[2]
    names = list(_topics(node, wanted))
    if not names:
        return f"No other topic carries {carried}: is the camera's driver running?"
    matches = difflib.get_close_matches(topic, names, n=_MOST_TOPICS, cutoff=0.0)
    return f"Topics with {carried}: {', '.join(matches)}; remap with -r {topic}:=..."


def _topics(node: Node, wanted: Collection[str]) -> Iterator[str]:
    """Yield the topics on which another node publishes one of the types ``wanted``."""
    own = (node.get_name(), node.get_namespace())
    for name, types in node.get_topic_names_and_types():
        if not set(types) & set(wanted):
            continue
        publishers = node.get_publishers_info_by_topic(name)
        if any((info.node_name, info.node_namespace) != own for info in publishers):
            yield name
