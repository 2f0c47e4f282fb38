"""What happened while engines were built, told once for all parts that it happened to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from scene_perception.engines.checked import Obstacle
from scene_perception.engines.fastest import Chosen


class _Event(NamedTuple):
    part: str
    name: str
    obstacle: Obstacle


class BuildJournal:
    """Which backend was taken for each part, and why others were not.

    Attributes:
        taken: backend by part.
    """

    def __init__(self) -> None:
        self.taken: dict[str, str] = {}
        self._measured: list[str] = []
        self._events: list[_Event] = []

    def add(self, part: str, chosen: Chosen) -> None:
        """Take down what came of one attempt to have an engine for ``part``."""
        self._events += [_Event(part, *entry) for entry in chosen.obstacles.items()]
        if chosen.times_ms:
            times = (f"{name} {time_ms:.1f} ms" for name, time_ms in chosen.times_ms.items())
            self._measured.append(f"{part}: {', '.join(times)}")

    def reasons(self, part: str) -> list[str]:
        """Return why backends do not serve ``part``."""
        return [
            f"{event.name}: {event.obstacle.reason}" for event in self._events if event.part == part
        ]

    @property
    def backend(self) -> str:
        """What runs the parts; where there are several backends, with the parts of each."""
        names = list(dict.fromkeys(self.taken.values()))
        if len(names) == 1:
            return names[0]
        parts_of = {
            name: " ".join(part for part, taken in self.taken.items() if taken == name)
            for name in names
        }
        return ", ".join(f"{name} ({parts})" for name, parts in parts_of.items())

    @property
    def notes(self) -> tuple[str, ...]:
        """What is as it should be: backends that this machine lacks, and times."""
        return (*self._lines(alarming=False), *self._measured)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What somebody should look into: engines that failed or gave wrong numbers."""
        return tuple(self._lines(alarming=True))

    def _lines(self, *, alarming: bool) -> list[str]:
        parts_of: dict[tuple[str, str], dict[str, None]] = {}
        for part, name, obstacle in self._events:
            if obstacle.alarming == alarming:
                parts_of.setdefault((name, obstacle.reason), {})[part] = None
        return [
            f"{name} passed over{self._where(parts)}: {reason}"
            for (name, reason), parts in parts_of.items()
        ]

    def _where(self, parts: Iterable[str]) -> str:
        named = list(parts)
        return "" if set(named) == set(self.taken) else f" for {' '.join(named)}"
