"""``mono_node``: a camera topic in; depth, semantics, flow, ego-motion and moving objects out.

A lifecycle node. With the parameter ``autostart`` (the default) it configures and activates
itself, so that ``ros2 run`` and a launch file's ``Node`` or ``LifecycleNode`` action need
nothing else; with ``autostart:=false`` a lifecycle manager drives the transitions. Where
configuring fails (no weights, say) the node stays up, unconfigured, with the reason in the log
and in ``/diagnostics``: set the parameter and configure it again.

The executor's thread only receives; ``MonoWorker``'s thread converts, infers and publishes.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from functools import wraps

from diagnostic_msgs.msg import DiagnosticArray
from rcl_interfaces.msg import SetParametersResult
from rclpy.clock import Clock, ClockType
from rclpy.executors import Executor
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter

from scene_perception.engines.base import Engine
from scene_perception.engines.build import resolve_backend, resolve_device
from scene_perception.engines.config import NetworkConfig
from scene_perception.engines.load import LoadedEngines, load_omeganet_engines
from scene_perception.nodes import parameters
from scene_perception.nodes.dds import transport_in_effect
from scene_perception.nodes.diagnostics import NodeReport, diagnostic_array
from scene_perception.nodes.mono_config import START_ONLY, MonoNodeConfig, refuse_while_configured
from scene_perception.nodes.mono_publishers import MonoPublishers
from scene_perception.nodes.mono_session import MonoSession
from scene_perception.nodes.mono_subscriptions import image_topic
from scene_perception.nodes.run import run
from scene_perception.nodes.statistics import Statistics
from scene_perception.nodes.throttled_log import ThrottledLog
from scene_perception.pipelines.mono import MonoPipeline

SUCCESS = TransitionCallbackReturn.SUCCESS
FAILURE = TransitionCallbackReturn.FAILURE
Loader = Callable[[NetworkConfig], LoadedEngines]
Transition = Callable[["MonoNode", LifecycleState], TransitionCallbackReturn]


def _logged(transition: Transition) -> Transition:
    """Log what a transition raises: rclpy swallows it and only reports an error state."""

    @wraps(transition)
    def logging_transition(node: MonoNode, state: LifecycleState) -> TransitionCallbackReturn:
        try:
            return transition(node, state)
        except Exception:
            node.get_logger().error(f"{transition.__name__}: {traceback.format_exc()}")
            raise

    return logging_transition


class MonoNode(LifecycleNode):  # type: ignore[misc]  # rclpy ships no types
    """The lifecycle around a ``MonoSession``: parameters, engines, topics, diagnostics.

    Args:
        load: makes the engines when the node is configured.
        options: of ``rclpy.node.Node``.

    Raises:
        ValueError: naming the parameter whose start-up value is refused, and why.
    """

    def __init__(self, load: Loader = load_omeganet_engines, **options: object) -> None:
        # rclpy destroys a node whose constructor raised: what `_release` reads comes first.
        self._load = load
        self._loaded: LoadedEngines | None = None
        self._outputs: MonoPublishers | None = None
        self.session: MonoSession | None = None
        self._problem = ""
        super().__init__("mono_node", **options)
        self.config = parameters.declare(self, MonoNodeConfig(), fixed=START_ONLY)
        self.add_on_set_parameters_callback(self._on_set_parameters)
        self._warn_of_unknown_parameters()
        self.statistics = Statistics()
        self._log = ThrottledLog(self.get_logger())
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", 1)
        # Simulated time may stand still; diagnostics should say so.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(self.config.diagnostics_period_s, self._publish_diagnostics, clock=steady)

    @property
    def engines(self) -> Mapping[str, Engine]:
        """The engines by part; empty while unconfigured."""
        return self._loaded.engines if self._loaded else {}

    @_logged
    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load the engines and offer the topics; FAILURE says in the log what to change."""
        self._problem = ""
        self.get_logger().info("loading the engines")
        try:
            self._loaded = self._load(self.config.network)
            pipeline = MonoPipeline(self._loaded.engines, self.config)
        except (ValueError, OSError, RuntimeError) as error:
            self._problem = f"cannot configure: {error}"
            self.get_logger().error(self._problem)
            self._release()
            return FAILURE
        self.get_logger().info(f"engines: {self._loaded.description}")
        if self._loaded.random:
            self.get_logger().warning("the weights are random: every output is meaningless")
        self._outputs = MonoPublishers(self, self.config, provides_motion=pipeline.provides_motion)
        for line in self._outputs.lines():
            self.get_logger().info(line)
        return super().on_configure(state)

    @_logged
    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Start the inference thread and subscribe."""
        if self._outputs is None:
            raise RuntimeError("on_activate must follow a successful on_configure")
        result = super().on_activate(state)
        self._outputs.announce_labels()
        self.session = MonoSession(
            self, self.engines, self._outputs, self.config, self.statistics, self._log
        )
        return result

    @_logged
    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Unsubscribe and end the inference thread; the engines stay loaded."""
        self._stop()
        return super().on_deactivate(state)

    @_logged
    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free engines and topics."""
        self._release()
        return super().on_cleanup(state)

    @_logged
    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free everything, from any state."""
        self._release()
        return super().on_shutdown(state)

    @_logged
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
                MonoPipeline(self._loaded.engines, config)
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
            image_topic=image_topic(self, self.config),
            image_age_s=session.image_age_s(now_ns) if session else None,
            silence_s=self.statistics.silence_s("image"),
            patience_s=self.config.no_image_warning_s,
            network=_network_values(self._loaded, self.config.network),
            random_weights=self._loaded is not None and self._loaded.random,
            scale=session.scale if session else None,
            scale_status=session.scale_status if session else "",
        )


def _network_values(loaded: LoadedEngines | None, config: NetworkConfig) -> dict[str, str]:
    if loaded is None:
        return {}
    return {
        "engines": loaded.description,
        "backend": resolve_backend(config.backend),
        "device": resolve_device(config.device),
        "weights": "random" if loaded.random else config.weights,
    }


def main(args: Sequence[str] | None = None) -> int:
    """Run ``mono_node`` until it is told to end; return the process's exit status."""
    return run(MonoNode, args)


if __name__ == "__main__":
    sys.exit(main())
