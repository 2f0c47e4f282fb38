"""Left and right images become pairs; what does not pair is counted, measured and named.

Only the images' own stamps decide. Around either synchroniser (``synchronizer.filters``) this
adds what makes a silent stereo node speak: counts by side, the measured offset of the stamps
with its remedy, and a fresh start after time jumped back, which would leave both
synchronisers waiting for images of the past.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from scene_perception.nodes.conversions import NANOSECONDS, stamp_ns
from scene_perception.nodes.stamp_offsets import LEFT, RIGHT, pairing_report
from scene_perception.nodes.statistics import Statistics
from scene_perception.nodes.synchronizer import Filters, Input, Stamped, filters
from scene_perception.nodes.throttled_log import ThrottledLog
from scene_perception.settings import setting

PAIRED = "paired"
UNSYNCHRONIZED = "unsynchronized"
_JUMP_NS = NANOSECONDS // 2
_REMEMBERED = 128  # images of both sides
_CHECKED = 20  # images of one side between two looks at how many of them found a partner
_ENOUGH = 0.8


@dataclass(frozen=True)
class SyncConfig:
    """Which left and right images belong together."""

    mode: str = setting(
        "approximate",
        "exact pairs images of one stamp; approximate those that sync.tolerance_s allows",
        choices=("exact", "approximate"),
    )
    tolerance_s: float = setting(
        0.01,
        "stamps of a pair differ by less than this (approximate); keep it below half the time "
        "between two frames, s",
        minimum=0.0,
        maximum=1.0,
    )
    queue_size: int = setting(
        10, "images of each side that wait for their partner", minimum=1, maximum=1000
    )

    @property
    def tolerance_ns(self) -> int:
        """What is allowed in effect; 0 asks for one stamp."""
        return 0 if self.mode == "exact" else round(self.tolerance_s * NANOSECONDS)


@dataclass
class _Side:
    """One camera's images.

    Attributes:
        name: ``left`` or ``right``.
        waiting: stamps of the images that may still find a partner, ns.
        newest_ns: largest stamp so far; None before one.
        since_check: images since the last look at how many found a partner.
        paired: of these.
    """

    name: str
    waiting: set[int] = field(default_factory=set)
    newest_ns: int | None = None
    since_check: int = 0
    paired: int = 0


class StereoPairing:
    """Pairs messages by their stamps; all methods belong to one thread, the executor's.

    It counts ``left_received``, ``right_received``, ``paired``, ``left_unpaired`` and
    ``right_unpaired``. An image counts as unpaired once a later one of its side is paired or
    its queue is full; whatever arrives is paired, unpaired or still waiting.

    Args:
        config: which images belong together.
        on_pair: takes left and right message of each pair, in the thread that brought them.
        statistics: that count.
        log: that names what does not pair.
        implementation: of the synchroniser.
    """

    def __init__(
        self,
        config: SyncConfig,
        on_pair: Callable[[Any, Any], None],
        statistics: Statistics,
        log: ThrottledLog,
        implementation: Filters | None = None,
    ) -> None:
        self._config = config
        self._on_pair = on_pair
        self._statistics = statistics
        self._log = log
        self._filters = implementation or filters()
        self._start()

    def left(self, message: Stamped) -> None:
        """Take the next left image."""
        self._add(LEFT, message)

    def right(self, message: Stamped) -> None:
        """Take the next right image."""
        self._add(RIGHT, message)

    def report(self) -> str:
        """Return how the newest left and right stamps lie to each other, with a remedy."""
        return pairing_report(self._arrivals, self._config.tolerance_ns)

    def _start(self) -> None:
        self._sides = (_Side("left"), _Side("right"))
        self._arrivals: deque[tuple[int, int]] = deque(maxlen=_REMEMBERED)
        self._ready: list[tuple[Stamped, Stamped]] = []
        self._inputs = (self._filters.simple(), self._filters.simple())
        self._synchronizer = self._make_synchronizer()
        self._synchronizer.registerCallback(self._take)

    def _make_synchronizer(self) -> Input:
        size, tolerance_ns = self._config.queue_size, self._config.tolerance_ns
        if tolerance_ns:
            return self._filters.approximate(self._inputs, size, tolerance_ns / NANOSECONDS)
        return self._filters.exact(self._inputs, size)

    def _take(self, left: Stamped, right: Stamped) -> None:
        # The synchroniser holds its lock while it calls: what happens to the pair comes after.
        self._ready.append((left, right))

    def _add(self, index: int, message: Stamped) -> None:
        stamp = stamp_ns(message.header)
        self._statistics.count(f"{self._sides[index].name}_received")
        newest_ns = self._sides[index].newest_ns
        if newest_ns is not None and stamp < newest_ns - _JUMP_NS:
            self._restart()
        side = self._sides[index]
        side.newest_ns = max(stamp, side.newest_ns or 0)
        side.since_check += 1
        self._arrivals.append((index, stamp))
        self._wait(side, stamp)
        self._inputs[index].signalMessage(message)
        ready, self._ready = self._ready, []
        for left, right in ready:
            self._emit(left, right)
        self._check(side)

    def _restart(self) -> None:
        for side in self._sides:
            self._give_up(side, set(side.waiting))
        self._start()

    def _wait(self, side: _Side, stamp: int) -> None:
        if stamp in side.waiting:  # a duplicate takes the first one's place
            self._statistics.count(f"{side.name}_unpaired")
        side.waiting.add(stamp)
        if len(side.waiting) > self._config.queue_size:
            self._give_up(side, {min(side.waiting)})

    def _emit(self, left: Stamped, right: Stamped) -> None:
        stamps = (stamp_ns(left.header), stamp_ns(right.header))
        places = list(zip(self._sides, stamps, strict=True))
        # A synchroniser may still pair an image that a newer pair has overtaken.
        if not all(stamp in side.waiting for side, stamp in places):
            return
        for side, stamp in places:
            side.waiting.remove(stamp)
            side.paired += 1
            self._give_up(side, {other for other in side.waiting if other < stamp})
        self._statistics.count(PAIRED)
        self._on_pair(left, right)

    def _give_up(self, side: _Side, stamps: set[int]) -> None:
        side.waiting -= stamps
        for _ in stamps:
            self._statistics.count(f"{side.name}_unpaired")

    def _check(self, side: _Side) -> None:
        if side.since_check < _CHECKED:
            return
        if side.paired < _ENOUGH * side.since_check:
            self._log.warning(UNSYNCHRONIZED, self.report())
        side.since_check = side.paired = 0
