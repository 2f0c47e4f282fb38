"""Distances travelled between two stamps, from odometry that comes at its own rate."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_MAX_SAMPLES = 4096
_MAX_WAITING = 64
_MAX_INTERVAL_NS = 1_000_000_000


@dataclass(frozen=True, eq=False)
class _Sample:
    stamp_ns: int
    position_m: NDArray[np.float64]


@dataclass(frozen=True)
class _Pair:
    stamp_ns: int
    next_stamp_ns: int
    translation: float


class OdometryMatcher:
    """Pairs a network's translations with the odometry of the same two stamps.

    Odometry may arrive before or after the frames: a translation waits until odometry has
    passed its second stamp. Positions between samples are interpolated; samples more than a
    second apart are not. Both queues are bounded and drop their oldest entry.

    ``add`` may be called from another thread than the rest.
    """

    def __init__(self) -> None:
        self._arrived: deque[_Sample] = deque(maxlen=_MAX_SAMPLES)
        self._track: deque[_Sample] = deque(maxlen=_MAX_SAMPLES)
        self._waiting: deque[_Pair] = deque(maxlen=_MAX_WAITING)

    def add(self, stamp_ns: int, position_m: NDArray[np.float64]) -> None:
        """Take one odometry position. # (3,).

        Raises:
            ValueError: for a position that is not three finite numbers.
        """
        position = np.array(position_m, dtype=np.float64)
        if position.shape != (3,) or not np.isfinite(position).all():
            raise ValueError(f"odometry position must be 3 finite numbers, got {position_m}")
        self._arrived.append(_Sample(stamp_ns, position))

    def expect(self, stamp_ns: int, next_stamp_ns: int, translation: float) -> None:
        """Let the length of a predicted translation wait for its odometry."""
        self._waiting.append(_Pair(stamp_ns, next_stamp_ns, translation))

    def matches(self) -> Iterator[tuple[int, float, float]]:
        """Yield ``(next_stamp_ns, odometry length in m, predicted length)`` of what is ready."""
        self._take_arrived()
        while self._waiting and self._track:
            pair = self._waiting[0]
            if self._track[-1].stamp_ns < pair.next_stamp_ns:
                break
            self._waiting.popleft()
            start, end = self._position(pair.stamp_ns), self._position(pair.next_stamp_ns)
            if start is not None and end is not None:
                yield pair.next_stamp_ns, float(np.linalg.norm(end - start)), pair.translation
            self._forget_before(pair.stamp_ns)

    def clear(self) -> None:
        """Forget every position and every waiting translation."""
        self._arrived.clear()
        self._track.clear()
        self._waiting.clear()

    def __len__(self) -> int:
        return len(self._arrived) + len(self._track) + len(self._waiting)

    def _take_arrived(self) -> None:
        while self._arrived:
            sample = self._arrived.popleft()
            newest = self._track[-1].stamp_ns if self._track else -1
            if sample.stamp_ns < newest:
                self._track.clear()
            if sample.stamp_ns != newest:
                self._track.append(sample)

    def _position(self, stamp_ns: int) -> NDArray[np.float64] | None:
        stamps = [sample.stamp_ns for sample in self._track]
        after = int(np.searchsorted(np.asarray(stamps, dtype=np.int64), stamp_ns))
        if after == len(stamps):
            return None
        second = self._track[after]
        if second.stamp_ns == stamp_ns:
            return second.position_m
        if after == 0 or second.stamp_ns - stamps[after - 1] > _MAX_INTERVAL_NS:
            return None
        first = self._track[after - 1]
        weight = (stamp_ns - first.stamp_ns) / (second.stamp_ns - first.stamp_ns)
        return first.position_m + weight * (second.position_m - first.position_m)

    def _forget_before(self, stamp_ns: int) -> None:
        while len(self._track) > 1 and self._track[1].stamp_ns <= stamp_ns:
            self._track.popleft()
