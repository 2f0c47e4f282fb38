"""Rates, latencies and counts of a running node, over a bounded window of time.

Times are those of a steady clock: simulated time may stand still or jump.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from statistics import median
from threading import Lock

WINDOW_S = 5.0
_MAX_SAMPLES = 1024


@dataclass(frozen=True)
class Latency:
    """Milliseconds that a stage took, over the window."""

    median_ms: float
    max_ms: float


@dataclass(frozen=True)
class Snapshot:
    """What was counted and timed, at one moment.

    Attributes:
        rates_hz: events per second of the window, by name.
        latencies: by stage.
        counts: since the start, by reason.
        recent: of ``counts``, those since the snapshot before.
    """

    rates_hz: Mapping[str, float] = field(default_factory=dict)
    latencies: Mapping[str, Latency] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    recent: Mapping[str, int] = field(default_factory=dict)


class Statistics:
    """Collects from any thread; bounded however long the node runs."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._marks: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=_MAX_SAMPLES))
        self._times: dict[str, deque[tuple[float, int]]] = defaultdict(
            lambda: deque(maxlen=_MAX_SAMPLES)
        )
        self._counts: Counter[str] = Counter()
        self._reported: Counter[str] = Counter()
        self._started = clock()

    def mark(self, event: str) -> None:
        """Note that ``event`` happened now, for its rate."""
        with self._lock:
            self._marks[event].append(self._clock())

    def time(self, stage: str, duration_ns: int) -> None:
        """Note how long ``stage`` took just now."""
        with self._lock:
            self._times[stage].append((self._clock(), duration_ns))

    def count(self, reason: str) -> None:
        """Add one to ``reason``."""
        with self._lock:
            self._counts[reason] += 1

    def total(self, reason: str) -> int:
        """Return how often ``reason`` was counted since the start."""
        with self._lock:
            return self._counts[reason]

    def silence_s(self, event: str) -> float:
        """Return the seconds since ``event`` last happened (or since the start)."""
        with self._lock:
            marks = self._marks[event]
            return self._clock() - (marks[-1] if marks else self._started)

    def restart(self) -> None:
        """Forget rates and latencies, so that silence counts from now; counts stay."""
        with self._lock:
            self._marks.clear()
            self._times.clear()
            self._started = self._clock()

    def snapshot(self) -> Snapshot:
        """Return everything at this moment; what is ``recent`` starts anew."""
        with self._lock:
            now = self._clock()
            recent = self._counts - self._reported
            self._reported = self._counts.copy()
            return Snapshot(
                {name: _rate(marks, now) for name, marks in self._marks.items()},
                {n: lat for n, times in self._times.items() if (lat := _latency(times, now))},
                dict(self._counts),
                dict(recent),
            )


def _rate(marks: deque[float], now: float) -> float:
    """Return events per second: intervals between the window's first and last event."""
    recent = [mark for mark in marks if now - mark <= WINDOW_S]
    if len(recent) < 2 or recent[-1] == recent[0]:
        return 0.0
    # A silence longer than the usual interval counts, or the rate would stay up for a window.
    span = max(recent[-1] - recent[0], (now - recent[0]) * (len(recent) - 1) / len(recent))
    return (len(recent) - 1) / span


def _latency(times: deque[tuple[float, int]], now: float) -> Latency | None:
    recent = [duration for stamp, duration in times if now - stamp <= WINDOW_S]
    return Latency(median(recent) * 1e-6, max(recent) * 1e-6) if recent else None
