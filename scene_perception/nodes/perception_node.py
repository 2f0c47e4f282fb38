"""The lifecycle that every perception node shares: parameters, engines, topics, diagnostics.

With the parameter ``autostart`` (the default) a node configures and activates itself, so that
``ros2 run`` and a launch file's ``Node`` or ``LifecycleNode`` action need nothing else; with
``autostart:=false`` a lifecycle manager drives the transitions. Where configuring fails (no
weights, say) the node stays up, unconfigured, with the reason in the log and in
``/diagnostics``: set the parameter and configure it again.

The executor's thread only receives; the session's worker converts, infers and publishes.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, Generic, Protocol, TypeVar

from diagnostic_msgs.msg import DiagnosticArray
from rcl_interfaces.msg import SetParametersResult
from rclpy.clock import Clock, ClockType
from rclpy.executors import Executor
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter

from scene_perception.engines.base import Engine
from scene_perception.engines.load import LoadedEngines
from scene_perception.nodes import parameters
from scene_perception.nodes.dds import transport_in_effect
from scene_perception.nodes.diagnostics import NodeReport, Task, diagnostic_array, network_values
from scene_perception.nodes.journal import Journal
from scene_perception.nodes.node_config import START_ONLY, NodeConfig, refuse_while_configured
from scene_perception.nodes.python_log import forwarded
from scene_perception.nodes.session import Session
from scene_perception.nodes.statistics import Statistics
from scene_perception.nodes.throttled_log import ThrottledLog
from scene_perception.nodes.transitions import FAILURE, SUCCESS, logged

Engines = Mapping[str, Engine]
Config = TypeVar("Config", bound=NodeConfig)


class Outputs(Protocol):
    """The output topics of a configured node.

    Attributes:
        config: settings that hold from the next frame on.
    """

    config: Any

    def lines(self) -> Iterator[str]:
        """Yield one line for the log per topic: resolved name, type and QoS."""
        ...

    def announce(self) -> None:
        """Publish what is latched from the start."""

    def destroy(self) -> None:
        """Take the topics away."""


Pipeline = TypeVar("Pipeline")
Topics = TypeVar("Topics", bound=Outputs)
Active = TypeVar("Active", bound=Session[Any])


class PerceptionNode(
    LifecycleNode,  # type: ignore[misc]  # rclpy ships no types
    ABC,
    Generic[Config, Pipeline, Topics, Active],
):
    """A lifecycle node around a pipeline; what it is about say the abstract methods.

    Args:
        name: of the node.
        defaults: settings that no parameter overrides.
        options: of ``rclpy.node.Node``.

    Raises:
        ValueError: naming the parameter whose start-up value is refused, and why.
    """

    def __init__(self, name: str, defaults: Config, **options: object) -> None:
        # rclpy destroys a node whose constructor raised: what `_release` reads comes first.
        self._loaded: LoadedEngines | None = None
        self._outputs: Topics | None = None
        self.session: Active | None = None
        self._problem = ""
        super().__init__(name, **options)
        self.config = parameters.declare(self, defaults, fixed=START_ONLY)
        self.add_on_set_parameters_callback(self._on_set_parameters)
        self._warn_of_unknown_parameters()
        log = ThrottledLog(self.get_logger())
        self.journal = Journal(Statistics(), log, lambda: not self.context.ok())
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", 1)
        # Simulated time may stand still; diagnostics should say so.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(self.config.diagnostics_period_s, self._publish_diagnostics, clock=steady)

    @abstractmethod
    def load_engines(self) -> LoadedEngines:
        """Load what the settings name; ValueError, OSError or RuntimeError say why not."""

    @abstractmethod
    def create_pipeline(self, config: Config) -> Pipeline:
        """Make a pipeline of ``self.engines``; ValueError says why they cannot serve."""

    @abstractmethod
    def create_outputs(self, pipeline: Pipeline) -> Topics:
        """Make the topics of what ``pipeline`` gives."""

    @abstractmethod
    def create_session(self, pipeline: Pipeline, outputs: Topics) -> Active:
        """Start to receive and to work; ``pipeline`` is the session's own."""

    @abstractmethod
    def tasks(self) -> tuple[Task, ...]:
        """Return what ``/diagnostics`` says beside input and inference."""

    @property
    def engines(self) -> Engines:
        """The engines by part; empty while unconfigured."""
        return self._loaded.engines if self._loaded else {}

    @property
    def statistics(self) -> Statistics:
        """What was counted and timed."""
        return self.journal.statistics

    @logged
    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load the engines and offer the topics; FAILURE says in the log what to change."""
        self._problem = ""
        self.get_logger().info("loading the engines")
        try:
            with forwarded(self.get_logger()):
                self._loaded = self.load_engines()
            pipeline = self.create_pipeline(self.config)
        except (ValueError, OSError, RuntimeError) as error:
            self._problem = f"cannot configure: {error}"
            self.get_logger().error(self._problem)
            self._release()
            return FAILURE
        self.get_logger().info(f"engines: {self._loaded.description}")
        for line in self._loaded.notes:
            self.get_logger().info(line)
        for line in self._loaded.warnings:
            self.get_logger().warning(line)
        if self._loaded.random:
            self.get_logger().warning("the weights are random: every output is meaningless")
        self._outputs = self.create_outputs(pipeline)
        for line in self._outputs.lines():
            self.get_logger().info(line)
        return super().on_configure(state)

    @logged
    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Start the inference thread and subscribe."""
        if self._outputs is None:
            raise RuntimeError("on_activate must follow a successful on_configure")
        result = super().on_activate(state)
        self._outputs.announce()
        self.session = self.create_session(self.create_pipeline(self.config), self._outputs)
        return result

    @logged
    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Unsubscribe and end the inference thread; the engines stay loaded."""
        self._stop()
        return super().on_deactivate(state)

    @logged
    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free engines and topics."""
        self._release()
        return super().on_cleanup(state)

    @logged
    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free everything, from any state."""
        self._release()
        return super().on_shutdown(state)

    @logged
    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free everything, so that the node can be configured again."""
        self._release()
        return super().on_error(state)

    def work(self, executor: Executor) -> None:
        """Configure and activate, if ``autostart`` is set, and spin until interrupted."""
        self.get_logger().info(transport_in_effect(os.environ))
        if self.config.autostart and self.trigger_configure() == SUCCESS:
            self.trigger_activate()
        executor.spin()

    def finish(self) -> None:
        """End the inference thread and free everything."""
        self._release()

    def destroy_node(self) -> None:
        """End the inference thread, then the node."""
        self._release()
        super().destroy_node()

    def _stop(self) -> None:
        if self.session is not None:
            self.session.stop()
            self.session = None

    def _release(self) -> None:
        self._stop()
        if self._outputs is not None:
            self._outputs.destroy()
            self._outputs = None
        self._loaded = None

    def _on_set_parameters(self, given: list[Parameter]) -> SetParametersResult:
        """Take new values from the next frame on, or refuse them all with a reason."""
        try:
            config = parameters.changed(self.config, given)
            if config == self.config:
                return SetParametersResult(successful=True)
            if self._loaded is not None:
                refuse_while_configured(self.config, config)
                self.create_pipeline(config)
        except ValueError as error:
            return SetParametersResult(successful=False, reason=str(error))
        self.config = config
        if self._outputs is not None:
            self._outputs.config = config
        if self.session is not None:
            self.session.configure(config)
        return SetParametersResult(successful=True)

    def _warn_of_unknown_parameters(self) -> None:
        for name, nearest in parameters.unknown_names(self, self.config).items():
            hint = f", did you mean {nearest}?" if nearest else ""
            self.get_logger().warning(f"parameter {name} does not exist and is ignored{hint}")

    def _publish_diagnostics(self) -> None:
        now = self.get_clock().now()
        report, snapshot = self._report(now.nanoseconds), self.statistics.snapshot()
        self._diagnostics.publish(diagnostic_array(report, snapshot, now.to_msg()))

    def _report(self, now_ns: int) -> NodeReport:
        session, configured = self.session, self._loaded is not None
        return NodeReport(
            node=self.get_name(),
            state="active" if session else "inactive" if configured else "unconfigured",
            problem=self._problem,
            inputs=session.input_states() if session else (),
            image_age_s=session.image_age_s(now_ns) if session else None,
            patience_s=self.config.no_image_warning_s,
            network=network_values(self._loaded),
            random_weights=self._loaded is not None and self._loaded.random,
            tasks=self.tasks(),
        )
