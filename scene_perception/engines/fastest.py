"""The fastest of several backends for a part; what was measured is kept in the cache."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from scene_perception.engines.backends import Backend, Request
from scene_perception.engines.base import Engine
from scene_perception.engines.cache import EngineCache
from scene_perception.engines.cache_key import key_of
from scene_perception.engines.checked import CheckedEngines, Obstacle, SamplesOf
from scene_perception.engines.measure import milliseconds

_TIMES, _OBSTACLES = "ms", "passed over"


@dataclass(frozen=True, eq=False)
class Chosen:
    """What serves a part.

    Attributes:
        name: of the backend; empty where none serves.
        engine: None where none serves.
        times_ms: of each backend that was measured, now or when the cache was filled.
        obstacles: why others do not serve, by backend.
    """

    name: str = ""
    engine: Engine | None = None
    times_ms: Mapping[str, float] = field(default_factory=dict)
    obstacles: Mapping[str, Obstacle] = field(default_factory=dict)


class FastestEngines:
    """Chooses among backends.

    Args:
        backends: by name.
        cache: keeps what was measured.
        samples: returns what a part is timed on.
    """

    def __init__(
        self, backends: Mapping[str, Backend], cache: EngineCache, samples: SamplesOf
    ) -> None:
        self._backends = backends
        self._cache = cache
        self._samples = samples
        self._checked = CheckedEngines(backends, cache, samples)

    def choose(self, request: Request, names: Sequence[str]) -> Chosen:
        """Return the fastest of ``names`` that serves."""
        if len(names) == 1:
            engines, obstacles = self._tried(request, names)
            name = next(iter(engines), "")
            return Chosen(name, engines.get(name), obstacles=obstacles)
        missing = self._missing(request, names)
        key = self._key(request, missing)
        known = self._known(request, missing, key, self._checked.engine)
        return known or self._measured(request, names, key)

    def ready(self, request: Request, names: Sequence[str]) -> Chosen | None:
        """Return what ``choose`` is known to return, if no more than loading is left to do.

        Several threads may ask at once.
        """
        if len(names) == 1:
            engine = self._checked.ready(request, names[0])
            return None if engine is None else Chosen(names[0], engine)
        missing = self._missing(request, names)
        return self._known(request, missing, self._key(request, missing), self._checked.ready)

    def _missing(self, request: Request, names: Sequence[str]) -> dict[str, str]:
        return {name: self._backends[name].missing(request) for name in names}

    def _known(
        self,
        request: Request,
        missing: Mapping[str, str],
        key: Mapping[str, str],
        load: Callable[[Request, str], Engine | Obstacle | None],
    ) -> Chosen | None:
        """Return what was the fastest before; None if that is not known or serves no longer."""
        notes = self._cache.notes(key)
        times_ms, told = notes.get(_TIMES), notes.get(_OBSTACLES)
        if not (isinstance(times_ms, dict) and isinstance(told, dict)):
            return None
        known = {name: float(str(value)) for name, value in times_ms.items()}
        best = min(known, key=known.__getitem__)
        engine = load(request, best)
        if engine is None or isinstance(engine, Obstacle):
            return None
        absent = {name: Obstacle(reason, False, True) for name, reason in missing.items() if reason}
        refused = {name: Obstacle(str(reason), True, True) for name, reason in told.items()}
        return Chosen(best, engine, known, {**absent, **refused})

    def _measured(self, request: Request, names: Sequence[str], key: Mapping[str, str]) -> Chosen:
        engines, obstacles = self._tried(request, names)
        if not engines:
            return Chosen(obstacles=obstacles)
        times_ms = milliseconds(engines, self._samples(request.part)[-1].inputs)
        if all(obstacle.lasts for obstacle in obstacles.values()):
            told = {name: it.reason for name, it in obstacles.items() if it.alarming}
            self._cache.note(key, _OBSTACLES, dict(told))
            self._cache.note(key, _TIMES, dict(times_ms))
        best = min(times_ms, key=times_ms.__getitem__)
        return Chosen(best, engines[best], times_ms, obstacles)

    def _tried(
        self, request: Request, names: Sequence[str]
    ) -> tuple[dict[str, Engine], dict[str, Obstacle]]:
        engines: dict[str, Engine] = {}
        obstacles: dict[str, Obstacle] = {}
        for name in names:
            found = self._checked.engine(request, name)
            if isinstance(found, Obstacle):
                obstacles[name] = found
            else:
                engines[name] = found
        return engines, obstacles

    def _key(self, request: Request, missing: Mapping[str, str]) -> dict[str, str]:
        """Return what decides which backend is the fastest: all of them, as they are here."""
        present = [name for name, reason in missing.items() if not reason]
        versions = {name: self._backends[name].versions() for name in present}
        shared = key_of(request, self._backends[present[0]]) if present else {}
        return {**shared, "backend": "fastest", "of": json.dumps({**missing, **versions})}
