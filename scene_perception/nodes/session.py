"""What exists only while a node is active: subscriptions, pipeline and its thread."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Generic, Protocol, TypeVar

from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from scene_perception.nodes.conversions import NANOSECONDS
from scene_perception.nodes.diagnostics import InputState
from scene_perception.nodes.journal import Journal
from scene_perception.nodes.node_config import NodeConfig
from scene_perception.nodes.worker import Worker

_ALMOST = 0.9  # a period of the watch may end a little before the patience does

Config = TypeVar("Config", bound=NodeConfig)


class Inputs(Protocol):
    """A node's subscriptions."""

    def lines(self) -> Iterator[str]:
        """Yield one line for the log per topic: resolved name, type and QoS."""
        ...

    def states(self) -> tuple[InputState, ...]:
        """Return for how long nothing has come, by input."""
        ...

    def complaints(self, patience_s: float) -> Iterator[str]:
        """Yield what may be wrong with each input that was silent for ``patience_s``."""
        ...

    def destroy(self) -> None:
        """Take the subscriptions away."""


class Session(Generic[Config]):
    """Runs from its construction until ``stop``; its methods belong to the executor's thread.

    Args:
        node: that subscribes.
        config: settings to begin with.
        worker: not yet started.
        inputs: that feed it.
        journal: of the node.
    """

    def __init__(
        self,
        node: Node,
        config: Config,
        worker: Worker[Any, Any, Any, Config],
        inputs: Inputs,
        journal: Journal,
    ) -> None:
        self._node = node
        self._patience_s = _ALMOST * config.no_image_warning_s
        self.worker = worker
        self._inputs = inputs
        journal.statistics.restart()
        worker.start()
        for line in inputs.lines():
            node.get_logger().info(line)
        # Simulated time may stand still: what watches the input runs on the steady clock.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._watch = node.create_timer(config.no_image_warning_s, self._watch_inputs, clock=steady)

    def input_states(self) -> tuple[InputState, ...]:
        """Return for how long nothing has come, by input."""
        return self._inputs.states()

    def image_age_s(self, now_ns: int) -> float | None:
        """Return now minus the newest image's stamp; None before one."""
        newest_ns = self.worker.newest_stamp_ns
        return None if newest_ns is None else (now_ns - newest_ns) / NANOSECONDS

    def configure(self, config: Config) -> None:
        """Use other run-time settings from the next frame on."""
        self.worker.configure(config)

    def stop(self) -> None:
        """Unsubscribe and end the inference thread."""
        self._node.destroy_timer(self._watch)
        self._inputs.destroy()
        if not self.worker.stop():
            self._node.get_logger().error("the inference thread hangs in an engine")

    def _watch_inputs(self) -> None:
        for line in self._inputs.complaints(self._patience_s):
            self._node.get_logger().warning(line)
