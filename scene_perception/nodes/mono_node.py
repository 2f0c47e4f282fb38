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

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from nav_msgs.msg import Odometry
from rcl_interfaces.msg import SetParametersResult
from rclpy.clock import Clock, ClockType
from rclpy.executors import Executor
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from rclpy.timer import Timer

from scene_perception.engines.base import Engine
from scene_perception.engines.build import resolve_backend, resolve_device
from scene_perception.engines.config import NetworkConfig
from scene_perception.engines.load import LoadedEngines, load_omeganet_engines
from scene_perception.nodes import parameters
from scene_perception.nodes.camera_info_cache import CameraInfoCache
from scene_perception.nodes.conversions import NANOSECONDS, stamp_ns
from scene_perception.nodes.dds import transport_in_effect
from scene_perception.nodes.diagnostics import NodeReport, diagnostic_array
from scene_perception.nodes.frame_intake import FrameIntake
from scene_perception.nodes.mono_config import START_ONLY, MonoNodeConfig, may_change_while_running
from scene_perception.nodes.mono_publishers import MonoPublishers
from scene_perception.nodes.mono_subscriptions import (
    MonoSubscriptions,
    camera_info_topic,
    image_topic,
)
from scene_perception.nodes.mono_worker import MonoWorker
from scene_perception.nodes.run import run
from scene_perception.nodes.statistics import Statistics
from scene_perception.nodes.throttled_log import ThrottledLog
from scene_perception.pipelines.mono import MonoPipeline
from scene_perception.settings import walk

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
    """The lifecycle around a ``MonoWorker``: parameters, topics, diagnostics.

    Args:
        load: makes the engines when the node is configured.
        options: of ``rclpy.node.Node``.

    Raises:
        ValueError: naming the parameter whose start-up value is refused, and why.
    """

    def __init__(self, load: Loader = load_omeganet_engines, **options: object) -> None:
        self._load = load
        # rclpy destroys a node whose constructor raised: what `_release` reads comes first.
        self._loaded: LoadedEngines | None = None
        self._pipeline: MonoPipeline | None = None
        self._outputs: MonoPublishers | None = None
        self._inputs: MonoSubscriptions | None = None
        self.worker: MonoWorker | None = None
        self._intake: FrameIntake | None = None
        self._watch_timer: Timer | None = None
        self._problem = ""
        super().__init__("mono_node", **options)
        self.config = parameters.declare(self, MonoNodeConfig(), fixed=START_ONLY)
        self.add_on_set_parameters_callback(self._on_set_parameters)
        self._warn_of_unknown_parameters()
        self.statistics = Statistics()
        self._log = ThrottledLog(self.get_logger())
        # Simulated time may stand still: what watches the node runs on the steady clock.
        self._steady = Clock(clock_type=ClockType.STEADY_TIME)
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", 1)
        self.create_timer(
            self.config.diagnostics_period_s, self._publish_diagnostics, clock=self._steady
        )

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
        loaded, publishers = self._loaded, self._outputs
        if loaded is None or publishers is None:
            raise RuntimeError("on_activate must follow a successful on_configure")
        result = super().on_activate(state)
        topic = camera_info_topic(self)
        cameras = CameraInfoCache(topic, lambda: self.count_publishers(topic) > 0)
        self.statistics.restart()
        self._intake = FrameIntake(cameras, self.statistics, self._log)
        self._pipeline = MonoPipeline(loaded.engines, self.config)
        self.worker = MonoWorker(
            self._pipeline, self._intake, publishers, self.config, self.statistics, self._log
        )
        publishers.announce_labels()
        self.worker.start()
        self._inputs = MonoSubscriptions(
            self, self.config, self.worker.submit, cameras.put, self._on_odometry
        )
        for line in self._inputs.lines():
            self.get_logger().info(line)
        self._watch_timer = self.create_timer(
            self.config.no_image_warning_s, self._watch_input, clock=self._steady
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

    def destroy_node(self) -> None:
        """End the inference thread, then the node."""
        self._release()
        super().destroy_node()

    def work(self, executor: Executor) -> None:
        """Configure and activate, if ``autostart`` is set, and spin until interrupted."""
        self.get_logger().info(transport_in_effect(os.environ))
        if self.config.autostart and self.trigger_configure() == SUCCESS:
            self.trigger_activate()
        executor.spin()

    def finish(self) -> None:
        """End the inference thread and free everything."""
        self._release()

    def _stop(self) -> None:
        if self._watch_timer is not None:
            self.destroy_timer(self._watch_timer)
            self._watch_timer = None
        if self._inputs is not None:
            self._inputs.destroy()
            self._inputs = None
        if self.worker is not None and not self.worker.stop():
            self.get_logger().error("the inference thread hangs in an engine")
        self.worker = self._pipeline = self._intake = None

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
                _refuse_while_configured(self.config, config)
                MonoPipeline(self._loaded.engines, config)
        except ValueError as error:
            return SetParametersResult(successful=False, reason=str(error))
        self.config = config
        if self._outputs is not None:
            self._outputs.config = config
        if self.worker is not None and self._inputs is not None:
            self.worker.configure(config)
            self._inputs.follow(config)
        return SetParametersResult(successful=True)

    def _warn_of_unknown_parameters(self) -> None:
        for name, nearest in parameters.unknown_names(self, self.config).items():
            hint = f", did you mean {nearest}?" if nearest else ""
            self.get_logger().warning(f"parameter {name} does not exist and is ignored{hint}")

    def _on_odometry(self, message: Odometry) -> None:
        position = message.pose.pose.position
        if self._pipeline is None:
            return
        try:
            xyz = np.array([position.x, position.y, position.z])
            self._pipeline.add_odometry(stamp_ns(message.header), xyz)
        except ValueError as error:
            self.statistics.count("bad_odometry")
            self._log.error("bad_odometry", f"bad_odometry: {error}")

    def _watch_input(self) -> None:
        silence_s = self.statistics.silence_s("image")
        if self._inputs is not None and silence_s >= 0.9 * self.config.no_image_warning_s:
            self.get_logger().warning(self._inputs.silence(silence_s))

    def _publish_diagnostics(self) -> None:
        stamp = self.get_clock().now()
        message = diagnostic_array(
            self._report(stamp.nanoseconds), self.statistics.snapshot(), stamp.to_msg()
        )
        self._diagnostics.publish(message)

    def _report(self, now_ns: int) -> NodeReport:
        loaded, network = self._loaded, self.config.network
        newest_ns = self._intake.newest_stamp_ns if self._intake else None
        state = "unconfigured" if loaded is None else "active" if self.worker else "inactive"
        return NodeReport(
            node=self.get_name(),
            state=state,
            problem=self._problem,
            image_topic=image_topic(self, self.config),
            image_age_s=None if newest_ns is None else (now_ns - newest_ns) / NANOSECONDS,
            silence_s=self.statistics.silence_s("image"),
            patience_s=self.config.no_image_warning_s,
            network={}
            if loaded is None
            else {
                "engines": loaded.description,
                "backend": resolve_backend(network.backend),
                "device": resolve_device(network.device),
                "weights": "random" if loaded.random else network.weights,
            },
            random_weights=loaded is not None and loaded.random,
            scale=self.worker.scale if self.worker else None,
            scale_status=self._pipeline.scale_status if self._pipeline else "",
        )


def _refuse_while_configured(old: MonoNodeConfig, new: MonoNodeConfig) -> None:
    for (name, before, _), (_, after, _) in zip(walk(old), walk(new), strict=True):
        if before != after and not may_change_while_running(name):
            raise ValueError(
                f"{name} must stay {before!r} while the node is configured, got {after!r}: "
                "clean up the node, set it and configure again"
            )


def main(args: Sequence[str] | None = None) -> int:
    """Run ``mono_node`` until it is told to end; return the process's exit status."""
    return run(MonoNode, args)


if __name__ == "__main__":
    sys.exit(main())
