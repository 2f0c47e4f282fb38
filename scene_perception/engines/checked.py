"""Engines out of the cache or newly compiled, and through the gate."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scene_perception.engines.backends import Backend, EngineError, Request
from scene_perception.engines.base import Engine
from scene_perception.engines.cache import EngineCache
from scene_perception.engines.cache_key import key_of
from scene_perception.engines.gate import Sample, check

_LOG = logging.getLogger(__name__)
# Compared with eager PyTorch is neither eager PyTorch itself nor what is known to be no network.
_UNGATED = ("torch", "constant")
_PASSED, _FINDING = "gate passed", "gate"

SamplesOf = Callable[[str], Sequence[Sample]]


@dataclass(frozen=True)
class Obstacle:
    """Why a backend does not serve a part.

    Attributes:
        reason: for people.
        alarming: whether somebody should look into it; what is merely not installed is not.
        lasts: whether it is bound to be so again with the same cache key.
    """

    reason: str
    alarming: bool
    lasts: bool


class CheckedEngines:
    """Makes engines and lets only those out that give eager float32 PyTorch's numbers.

    Args:
        backends: by name.
        cache: of compiled files, and of what the gate said about them.
        samples: returns what a part is checked on; asked where the cache does not know.
    """

    def __init__(
        self, backends: Mapping[str, Backend], cache: EngineCache, samples: SamplesOf
    ) -> None:
        self._backends = backends
        self._cache = cache
        self._samples = samples

    def engine(self, request: Request, name: str) -> Engine | Obstacle:
        """Return an engine that may be used, or why there is none.

        Raises:
            ValueError: if eager PyTorch does not run the module on such inputs either.
        """
        backend = self._backends[name]
        if reason := backend.missing(request):
            return Obstacle(reason, alarming=False, lasts=True)
        if name in _UNGATED:
            return backend.load(request, self._cache.root)
        try:
            return self._through_gate(request, backend)
        except EngineError as error:
            # int8 may be calibrated any time, which no key says.
            return Obstacle(str(error), alarming=True, lasts=request.precision != "int8")
        except Exception as error:  # noqa: BLE001
            # Compilers raise whatever they like, and a node must start without them.
            return Obstacle(f"{type(error).__name__}: {error}", alarming=True, lasts=False)

    def ready(self, request: Request, name: str) -> Engine | None:
        """Return an engine whose files are there and have passed the gate; None in any doubt.

        Nothing is made, measured or written: several threads may ask at once.
        """
        backend = self._backends[name]
        if name in _UNGATED or not backend.keeps_files or backend.missing(request):
            return None
        key = key_of(request, backend)
        if self._cache.notes(key).get(_PASSED) is not True:
            return None
        folder = self._cache.find(key)
        try:
            return None if folder is None else backend.load(request, folder)
        except EngineError:
            return None

    def _through_gate(self, request: Request, backend: Backend) -> Engine | Obstacle:
        key = key_of(request, backend)
        known = self._cache.notes(key)
        if known.get(_PASSED) is False:
            return _refusal(str(known[_FINDING]))
        engine = self._loaded(request, backend, key)
        # Asked again, as notes go with files that turned out to be damaged.
        if self._cache.notes(key).get(_PASSED) is True:
            return engine
        for sample in self._samples(request.part):
            found = check(request.part, engine, sample.outputs, sample.inputs, request.precision)
            if not found.passed:
                break
        self._cache.note(key, _FINDING, found.text)
        self._cache.note(key, _PASSED, found.passed)
        return engine if found.passed else _refusal(found.text)

    def _loaded(self, request: Request, backend: Backend, key: Mapping[str, str]) -> Engine:
        """Return an engine; files that do not load are made again, once."""
        if not backend.keeps_files:
            return backend.load(request, self._cache.root)
        compilation = _Compilation(request, backend)
        folder = self._cache.folder(key, compilation)
        try:
            return backend.load(request, folder)
        except EngineError as error:
            if compilation.done:
                raise
            _LOG.warning("%s for %s is built again: %s", request.part, backend.name, error)
        self._cache.drop(key)
        return backend.load(request, self._cache.folder(key, compilation))


def _refusal(finding: str) -> Obstacle:
    return Obstacle(f"refused, its numbers are wrong: {finding}", alarming=True, lasts=True)


class _Compilation:
    """Compiles a request into a folder, says so, and remembers that it did."""

    def __init__(self, request: Request, backend: Backend) -> None:
        self._request, self._backend = request, backend
        self.done = False

    def __call__(self, folder: Path) -> None:
        start = time.perf_counter()
        what = f"{self._request.part} for {self._backend.name} in {self._request.precision}"
        _LOG.info("building %s, for this start and the next ones", what)
        self._backend.compile(self._request, folder)
        _LOG.info("built %s in %.1f s", what, time.perf_counter() - start)
        self.done = True
