"""Record topics, by default all outputs of ``mono_node``, as a rosbag2 recording.

``-p node:=stereo_node`` records those of another node.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from rclpy.clock import Clock, ClockType
from rclpy.executors import Executor
from rclpy.node import Node
from rclpy.qos import ReliabilityPolicy
from rclpy.topic_endpoint_info import TopicEndpointInfo

from scene_perception.nodes import parameters, topics
from scene_perception.nodes.run import run
from scene_perception.recordings import cdr
from scene_perception.recordings.background_writer import BackgroundWriter
from scene_perception.recordings.bags import STORAGES
from scene_perception.recordings.playback import IMAGE_TYPES, names
from scene_perception.settings import setting, walk

_POLL_S = 0.1
_LARGE_TYPES = (
    *IMAGE_TYPES,
    "sensor_msgs/msg/PointCloud2",
    "stereo_msgs/msg/DisparityImage",
)
_SMALL_DEPTH = 100
# Every node publishes these; they are no output.
_HOUSEKEEPING = ("/rosout", "/parameter_events", "/transition_event")


@dataclass(frozen=True)
class RecordConfig:
    """What is recorded, where to, and until when."""

    output: str = setting("", "folder of the new recording; must not exist")
    topics: str = setting(
        "", "topics to record, separated by commas; empty records all outputs of node"
    )
    node: str = setting("mono_node", "node in this namespace whose outputs are recorded")
    storage: str = setting("mcap", "file format of the recording", choices=tuple(STORAGES))
    reliability: str = setting(
        "as_offered",
        "QoS reliability of the subscriptions; best_effort shows what such a consumer would get",
        choices=("as_offered", "best_effort"),
    )
    image_depth: int = setting(
        30, "QoS depth of the subscriptions of images and points", minimum=1, maximum=1000
    )
    stop_when_idle_s: float = setting(
        0.0, "end when no message has come for this long after the first, s; 0 never ends",
        minimum=0.0, maximum=3600.0,
    )  # fmt: skip
    queue_mb: int = setting(
        256, "messages waiting for the disk beyond this are dropped, MB", minimum=1, maximum=65536
    )


class RecordNode(Node):  # type: ignore[misc]
    """Writes the CDR bytes of topics as they arrive; log time is this node's clock.

    Topics are subscribed as soon as somebody publishes them, with the quality of service
    that their publishers offer.

    Raises:
        ValueError: for a parameter that cannot be used.
        BagError: if the output exists or cannot be written.
    """

    def __init__(self, **options: object) -> None:
        super().__init__("record_node", **options)
        defaults = RecordConfig()
        self.config = parameters.declare(self, defaults, [name for name, _, _ in walk(defaults)])
        if not self.config.output:
            raise ValueError("output must name the recording to make, got an empty string")
        self.recorded: Counter[str] = Counter()
        self.dropped: Counter[str] = Counter()
        self._seen: set[str] = set()
        self._early: list[tuple[str, bytes]] = []
        self._last_s = 0.0
        self._writer = BackgroundWriter(
            Path(self.config.output).expanduser(),
            self.config.storage,
            self.config.queue_mb * 1_000_000,
        )
        # On the wall clock: simulated time may stand still.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(_POLL_S, self._subscribe_new, clock=steady)

    def work(self, executor: Executor) -> None:
        """Record until interrupted or, if so configured, until nothing comes any more."""
        while not self._is_idle():
            executor.spin_once(timeout_sec=_POLL_S)
            self._writer.require_healthy()

    def finish(self) -> None:
        """Complete the recording and print what it holds."""
        self._flush_early(time.time_ns())
        self._writer.close()
        for topic, count in sorted(self.recorded.items()):
            print(f"recorded {count} of {topic}", flush=True)
        for topic, count in sorted(self.dropped.items()):
            print(f"dropped {count} of {topic}: the disk is too slow", flush=True)
        print(f"recording complete: {self.config.output}", flush=True)

    def _is_idle(self) -> bool:
        limit = self.config.stop_when_idle_s
        return limit > 0 and 0 < self._last_s < time.monotonic() - limit

    def _subscribe_new(self) -> None:
        new = [name for name in self._wanted() if name not in self._seen]
        for name in new:
            publishers = self.get_publishers_info_by_topic(name)
            if publishers:
                self._seen.add(name)
                self._subscribe(name, publishers)

    def _wanted(self) -> list[str]:
        if self.config.topics:
            return [self.resolve_topic_name(name) for name in names(self.config.topics)]
        # By publisher, not by node: the graph may hold an ended node of the same name for a
        # while, and asked for a node it answers for whichever it finds first.
        found = [name for name, _ in self.get_topic_names_and_types() if name not in self._seen]
        return [
            name for name in found if not name.endswith(_HOUSEKEEPING) and self._is_output(name)
        ]

    def _is_output(self, topic: str) -> bool:
        node = (self.config.node, self.get_namespace())
        publishers = self.get_publishers_info_by_topic(topic)
        return any((entry.node_name, entry.node_namespace) == node for entry in publishers)

    def _subscribe(self, name: str, publishers: Sequence[TopicEndpointInfo]) -> None:
        msgtype = publishers[0].topic_type
        try:
            kind = _recordable(msgtype)
        except ValueError as error:
            self.get_logger().warning(f"not recording {name}: {error}")
            return
        depth = self.config.image_depth if msgtype in _LARGE_TYPES else _SMALL_DEPTH
        qos = topics.matching_qos(publishers, depth)
        if self.config.reliability == "best_effort":
            qos.reliability = ReliabilityPolicy.BEST_EFFORT
        self._writer.add_topic(name, msgtype, latched=topics.are_latched(publishers))
        self.recorded[name] = 0
        self.create_subscription(kind, name, partial(self._take, name), qos, raw=True)
        self.get_logger().info(f"recording {name} ({msgtype}): {topics.describe(qos)}")

    def _take(self, topic: str, data: bytes) -> None:
        self._last_s = time.monotonic()
        now_ns = self.get_clock().now().nanoseconds
        self._early.append((topic, data))
        # Simulated time is zero until the first /clock; latched messages come before it.
        if now_ns:
            self._flush_early(now_ns)

    def _flush_early(self, time_ns: int) -> None:
        for topic, data in self._early:
            accepted = self._writer.put(topic, time_ns, data)
            (self.recorded if accepted else self.dropped)[topic] += 1
        self._early.clear()


def _recordable(msgtype: str) -> type[Any]:
    """Return the class of a message type, or raise ValueError if it cannot be recorded."""
    if not cdr.knows(msgtype):
        raise ValueError(f"{msgtype} is no standard type")
    return topics.message_class(msgtype)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``record_node`` and return its exit status."""
    return run(RecordNode, arguments)


if __name__ == "__main__":
    sys.exit(main())
