"""A node's output topics: made once from tables, filled only while somebody listens."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from rclpy.event_handler import PublisherEventCallbacks
from rclpy.lifecycle import LifecycleNode, LifecyclePublisher
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions

from scene_perception.nodes.input_watch import qos_text
from scene_perception.nodes.outputs import Output

STREAM_QOS = QoSProfile(depth=5, reliability=ReliabilityPolicy.RELIABLE)
LATCHED_QOS = QoSProfile(
    depth=1,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)
Estimate = TypeVar("Estimate")


def types_of(*tables: Mapping[str, Output[Any]]) -> dict[str, type]:
    """Return the message type of every topic in ``tables``."""
    return {name: output.message_type for table in tables for name, output in table.items()}


class Publishers:
    """The publishers of a configured node; they stay silent until it is active.

    Args:
        node: that publishes.
        streams: message type by topic, for what comes with the frames.
        latched: message type by topic, for what a late subscriber must know as well.
    """

    def __init__(
        self, node: LifecycleNode, streams: Mapping[str, type], latched: Mapping[str, type]
    ) -> None:
        self._node = node
        self._streams = {
            name: self._create(kind, name, STREAM_QOS) for name, kind in streams.items()
        }
        self._latched = {
            name: self._create(kind, name, LATCHED_QOS) for name, kind in latched.items()
        }

    def lines(self) -> Iterator[str]:
        """Yield one line for the log per topic: resolved name, type and QoS."""
        for publisher in self._all():
            kind = publisher.msg_type.__name__
            yield f"publishes {publisher.topic_name} [{kind}] {qos_text(publisher.qos_profile)}"

    def heard(self, names: Iterable[str]) -> bool:
        """Whether somebody listens to one of the streams ``names``."""
        return any(self._streams[name].get_subscription_count() for name in names)

    def send(self, name: str, make: Callable[[Estimate], object], estimate: Estimate) -> None:
        """Publish ``make(estimate)`` where somebody listens and there is something to say."""
        if self.heard((name,)):
            message = make(estimate)
            if message is not None:
                self._streams[name].publish(message)

    def send_all(self, table: Mapping[str, Output[Any]], estimate: object) -> None:
        """Publish every output of ``table`` that somebody listens to."""
        for name, output in table.items():
            self.send(name, output.make, estimate)

    def latch(self, name: str, message: object) -> None:
        """Publish the latched ``message``."""
        self._latched[name].publish(message)

    def destroy(self) -> None:
        """Take the topics away."""
        for publisher in self._all():
            self._node.destroy_lifecycle_publisher(publisher)

    def _all(self) -> Iterator[LifecyclePublisher]:
        yield from self._streams.values()
        yield from self._latched.values()

    def _create(self, message_type: type, name: str, qos: QoSProfile) -> LifecyclePublisher:
        return self._node.create_lifecycle_publisher(
            message_type,
            name,
            qos,
            # The default callbacks only log a mismatch; each adds two entities that every
            # turn of the executor visits: half its time, while it holds Python's lock.
            event_callbacks=PublisherEventCallbacks(use_default_callbacks=False),
            qos_overriding_options=QoSOverridingOptions.with_default_policies(),
        )
