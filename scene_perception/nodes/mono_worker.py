"""The inference thread of ``mono_node``: message in, estimates out, every failure counted.

One thread of its own, since PyTorch makes a team of OpenMP threads for each thread that
calls it; a second one publishes. A bad frame must never end either.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread
from typing import Protocol

from sensor_msgs.msg import CompressedImage, Image

from scene_perception.frame import DepthEstimate, Frame, MetricScale, MotionEstimate
from scene_perception.nodes.frame_intake import FrameIntake
from scene_perception.nodes.latest_slot import LatestSlot
from scene_perception.nodes.mono_config import MonoNodeConfig
from scene_perception.nodes.publishing_thread import PublishingThread
from scene_perception.nodes.statistics import Statistics
from scene_perception.nodes.throttled_log import ThrottledLog
from scene_perception.pipelines.mono import MonoPipeline, MonoResult

_TAKE_S = 0.5
_JOIN_S = 30.0


class Sink(Protocol):
    """Where estimates go."""

    def wants_motion(self) -> bool:
        """Whether somebody listens to what only the motion decoders give."""

    def publish_depth(self, depth: DepthEstimate) -> None:
        """Publish everything that needs only this frame."""

    def publish_motion(self, motion: MotionEstimate) -> None:
        """Publish everything that needed the next frame too."""


@dataclass(frozen=True)
class Arrival:
    """An image message and when it came, on the steady clock."""

    message: Image | CompressedImage
    arrived_ns: int


@dataclass(frozen=True)
class _Done:
    """What one image brought."""

    result: MonoResult
    arrived_ns: int


class MonoWorker:
    """Takes the newest image, converts it, runs the pipeline and publishes the result.

    Args:
        pipeline: owned by the worker's thread from ``start`` on.
        intake: converts the messages.
        sink: the publishers.
        config: settings to begin with.
        statistics: of the node.
        log: of the node.
    """

    def __init__(
        self,
        pipeline: MonoPipeline,
        intake: FrameIntake,
        sink: Sink,
        config: MonoNodeConfig,
        statistics: Statistics,
        log: ThrottledLog,
    ) -> None:
        self._pipeline = pipeline
        self._intake = intake
        self._sink = sink
        self._config = config
        self._next_config = config
        self._statistics = statistics
        self._log = log
        self._slot: LatestSlot[Arrival] = LatestSlot()
        self._thread = Thread(target=self._run, name="inference", daemon=True)
        self._publishing: PublishingThread[_Done] = PublishingThread(self._publish)
        self.scale: MetricScale | None = None

    def start(self) -> None:
        """Start both threads."""
        self._publishing.start()
        self._thread.start()

    def submit(self, message: Image | CompressedImage) -> None:
        """Hand over an image message; one that the thread has not taken yet is dropped."""
        self._statistics.mark("image")
        self._statistics.count("received")
        if not self._slot.put(Arrival(message, time.monotonic_ns())):
            self._statistics.count("overwritten")

    def configure(self, config: MonoNodeConfig) -> None:
        """Use other run-time settings from the next frame on."""
        self._next_config = config

    def stop(self) -> bool:
        """Finish the frame at hand and end both threads; return False where one hangs."""
        self._slot.close()
        self._thread.join(_JOIN_S)
        return not self._thread.is_alive() and self._publishing.stop(_JOIN_S)

    def _run(self) -> None:
        while not self._slot.closed:
            arrival = self._slot.take(_TAKE_S)
            if arrival is None:
                continue
            done = None
            with self._surviving("internal_error"):
                done = self._step(arrival)
            if done is None:
                self._statistics.count("finished")
            else:
                self._publishing.put(done)

    def _step(self, arrival: Arrival) -> _Done | None:
        self._statistics.time("wait", time.monotonic_ns() - arrival.arrived_ns)
        self._reconfigure()
        with self._timed("convert"):
            frame = self._intake.frame(
                arrival.message, self._config.camera_info_wait_s, self._intrinsics_reader()
            )
        result = None if frame is None else self._processed(frame)
        return None if result is None else _Done(result, arrival.arrived_ns)

    def _reconfigure(self) -> None:
        config = self._next_config
        if config is not self._config:
            self._config = config
            self._pipeline.reconfigure(config)

    def _intrinsics_reader(self) -> str:
        """Return the setting that cannot do without intrinsics, or an empty string."""
        if self._config.scale.source == "camera_height":
            return "scale.source camera_height"
        if self._pipeline.provides_motion and self._config.motion.intrinsics == "camera_info":
            return "motion.intrinsics camera_info"
        return ""

    def _processed(self, frame: Frame) -> MonoResult | None:
        motion = not self._config.lazy or self._sink.wants_motion()
        result = None
        with self._surviving("engine_error"), self._timed("process"):
            result = self._pipeline.process(frame, motion=motion)
        if result is None:
            return None
        if result.event:
            self._statistics.count(result.event)
        for stage, duration_ns in result.timings_ns.items():
            self._statistics.time(stage, duration_ns)
        return result

    def _publish(self, done: _Done) -> None:
        """Publish one result, in the publishing thread."""
        with self._surviving("publish_error"), self._timed("publish"):
            self._publish_estimates(done.result)
        self._statistics.time("total", time.monotonic_ns() - done.arrived_ns)
        self._statistics.count("finished")

    def _publish_estimates(self, result: MonoResult) -> None:
        if result.depth is not None:
            self.scale = result.depth.scale
            self._sink.publish_depth(result.depth)
            self._statistics.mark("depth")
        if result.motion is not None:
            self._sink.publish_motion(result.motion)
            self._statistics.mark("motion")

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        start = time.monotonic_ns()
        yield
        self._statistics.time(stage, time.monotonic_ns() - start)

    @contextmanager
    def _surviving(self, reason: str) -> Iterator[None]:
        """Count and log any exception of the block, so that the next frame gets its chance."""
        try:
            yield
        except Exception:  # noqa: BLE001 - whatever an engine raises must not end the thread
            self._statistics.count(reason)
            self._log.error(reason, f"{reason}: {traceback.format_exc()}")
