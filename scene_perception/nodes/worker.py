"""The inference thread of a node: message in, estimates out, every failure counted.

One thread of its own, since PyTorch makes a team of OpenMP threads for each thread that
calls it; a second one publishes. A bad frame must never end either.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Thread
from typing import Generic, Protocol, TypeVar

from scene_perception.nodes.journal import Journal
from scene_perception.nodes.latest_slot import LatestSlot
from scene_perception.nodes.publishing_thread import PublishingThread

_TAKE_S = 0.5
_JOIN_S = 30.0


class PipelineResult(Protocol):
    """What one frame brought, as far as every pipeline says it alike."""

    @property
    def event(self) -> str:
        """Why the frame was skipped or the pipeline started afresh, else empty."""

    @property
    def timings_ns(self) -> Mapping[str, int]:
        """Wall time by stage, ns."""


Message = TypeVar("Message")
Frame = TypeVar("Frame")
Config = TypeVar("Config")
Result = TypeVar("Result", bound=PipelineResult)
Message_contra = TypeVar("Message_contra", contravariant=True)
Frame_contra = TypeVar("Frame_contra", contravariant=True)
Frame_co = TypeVar("Frame_co", covariant=True)
Config_contra = TypeVar("Config_contra", contravariant=True)
Result_contra = TypeVar("Result_contra", contravariant=True)
Result_co = TypeVar("Result_co", covariant=True)


class Intake(Protocol[Message_contra, Frame_co]):
    """Converts messages in the inference thread."""

    @property
    def newest_stamp_ns(self) -> int | None:
        """Stamp of the newest image that could be read; None before one."""

    def frame(self, message: Message_contra) -> Frame_co | None:
        """Return the message as a frame, or None where it is refused."""


class Pipeline(Protocol[Frame_contra, Result_co, Config_contra]):
    """Frame in, result out; owned by the inference thread."""

    def process(self, frame: Frame_contra, *, motion: bool) -> Result_co:
        """Take the next frame; ``motion`` says whether somebody wants what only that needs."""

    def reconfigure(self, config: Config_contra) -> None:
        """Use other run-time settings from the next frame on."""


class Sink(Protocol[Result_contra]):
    """Where results go."""

    def wants_motion(self) -> bool:
        """Whether somebody listens to what only the motion decoders give."""

    def publish(self, result: Result_contra) -> None:
        """Publish what somebody listens to, in the publishing thread."""


@dataclass(frozen=True)
class _Timed(Generic[Message]):
    """A message, or its result, and when the message came, on the steady clock."""

    content: Message
    arrived_ns: int


class Worker(Generic[Message, Frame, Result, Config]):
    """Takes the newest message, converts it, runs the pipeline and publishes the result.

    It counts ``received``, ``overwritten`` (by a newer message before their turn) and
    ``finished``; nothing else happens to a message.

    Args:
        pipeline: owned by the worker's thread from ``start`` on.
        intake: converts the messages.
        sink: the publishers.
        config: the pipeline's settings.
        journal: of the node.
    """

    def __init__(
        self,
        pipeline: Pipeline[Frame, Result, Config],
        intake: Intake[Message, Frame],
        sink: Sink[Result],
        config: Config,
        journal: Journal,
    ) -> None:
        self._pipeline = pipeline
        self._intake = intake
        self._sink = sink
        self._config = config
        self._next_config = config
        self._journal = journal
        self._statistics = journal.statistics
        self._slot: LatestSlot[_Timed[Message]] = LatestSlot()
        self._thread = Thread(target=self._run, name="inference", daemon=True)
        self._publishing: PublishingThread[_Timed[Result]] = PublishingThread(self._publish)

    @property
    def newest_stamp_ns(self) -> int | None:
        """Stamp of the newest image that could be read; None before one."""
        return self._intake.newest_stamp_ns

    def start(self) -> None:
        """Start both threads."""
        self._publishing.start()
        self._thread.start()

    def submit(self, message: Message) -> None:
        """Hand over a message; one that the thread has not taken yet is dropped."""
        self._statistics.count("received")
        if not self._slot.put(_Timed(message, time.monotonic_ns())):
            self._statistics.count("overwritten")

    def configure(self, config: Config) -> None:
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
            result = None
            with self._journal.surviving("internal_error"):
                result = self._step(arrival)
            if result is None:
                self._statistics.count("finished")
            else:
                self._publishing.put(_Timed(result, arrival.arrived_ns))

    def _step(self, arrival: _Timed[Message]) -> Result | None:
        self._statistics.time("wait", time.monotonic_ns() - arrival.arrived_ns)
        self._reconfigure()
        with self._journal.timed("convert"):
            frame = self._intake.frame(arrival.content)
        return None if frame is None else self._processed(frame)

    def _reconfigure(self) -> None:
        config = self._next_config
        if config is not self._config:
            self._config = config
            self._pipeline.reconfigure(config)

    def _processed(self, frame: Frame) -> Result | None:
        motion = self._sink.wants_motion()
        result = None
        with self._journal.surviving("engine_error"), self._journal.timed("process"):
            result = self._pipeline.process(frame, motion=motion)
        if result is None:
            return None
        if result.event:
            self._statistics.count(result.event)
        for stage, duration_ns in result.timings_ns.items():
            self._statistics.time(stage, duration_ns)
        return result

    def _publish(self, done: _Timed[Result]) -> None:
        """Publish one result, in the publishing thread."""
        with self._journal.surviving("publish_error"), self._journal.timed("publish"):
            self._sink.publish(done.content)
        self._statistics.time("total", time.monotonic_ns() - done.arrived_ns)
        self._statistics.count("finished")
