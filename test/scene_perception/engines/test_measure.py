"""Engines take turns, and the shortest time of each counts."""

from __future__ import annotations

import pytest
import torch

from scene_perception.engines import measure
from scene_perception.engines.measure import milliseconds


class Clocked:
    """An engine whose calls take what it is told; the test's clock is its own."""

    def __init__(self, clock: list[float], *seconds: float) -> None:
        self._clock, self._seconds, self.calls = clock, seconds, 0

    def __call__(self, **_tensors: torch.Tensor) -> dict[str, torch.Tensor]:
        self._clock[0] += self._seconds[min(self.calls, len(self._seconds) - 1)]
        self.calls += 1
        return {}


def test_warm_up_does_not_count_and_the_shortest_time_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = [0.0]
    monkeypatch.setattr(measure.time, "perf_counter", lambda: clock[0])
    slow = Clocked(clock, 9.0, 0.001, 0.5, 0.02, 0.3)  # the second is still warming up
    fast = Clocked(clock, 0.01)
    found = milliseconds({"slow": slow, "fast": fast}, {})
    assert found == pytest.approx({"slow": 20.0, "fast": 10.0})
    assert slow.calls == fast.calls
