"""What a node writes down about its work: counts, times, and lines in the log beside them."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from scene_perception.nodes.statistics import Statistics
from scene_perception.nodes.throttled_log import ThrottledLog


@dataclass(frozen=True)
class Journal:
    """Statistics and log of one node, for all of its threads.

    Attributes:
        statistics: shown in ``/diagnostics``.
        log: throttled by subject.
        ended: whether ROS has been shut down: an interrupt does that in the middle of a frame,
            whose publishing then fails and is no fault.
    """

    statistics: Statistics
    log: ThrottledLog
    ended: Callable[[], bool] = bool

    def refuse(self, reason: str, text: str) -> None:
        """Count bad input under ``reason`` and name it in the log."""
        self.statistics.count(reason)
        self.log.error(reason, f"{reason}: {text}")

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Note how long the block took, unless it raises."""
        start = time.monotonic_ns()
        yield
        self.statistics.time(stage, time.monotonic_ns() - start)

    @contextmanager
    def surviving(self, reason: str) -> Iterator[None]:
        """Count and log any exception of the block, so that the next frame gets its chance.

        What fails after ROS has ended is dropped.
        """
        try:
            yield
        except Exception:  # noqa: BLE001 - whatever an engine raises must not end the thread
            if not self.ended():
                self.refuse(reason, traceback.format_exc())
