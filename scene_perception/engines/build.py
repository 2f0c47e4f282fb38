"""The only switch on backend: parts become engines that are checked, kept and, on CPUs, timed.

``network.backend`` names a backend, which must then serve, or is ``auto``: for each part what
``backends.ORDER`` tries is taken in turn until an engine passes the gate. ``cpu`` stands for the
fastest of ``backends.MEASURED``; that decision, like the gate's, is kept in the cache.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import torch
from torch import nn

from scene_perception.engines.backends import (
    BACKENDS,
    CPU,
    MEASURED,
    ORDER,
    Backend,
    EngineError,
    Request,
)
from scene_perception.engines.base import Engine, TensorSpec
from scene_perception.engines.build_journal import BuildJournal
from scene_perception.engines.cache import EngineCache, default_cache
from scene_perception.engines.config import NetworkConfig
from scene_perception.engines.fastest import Chosen, FastestEngines
from scene_perception.engines.gate import Sample, samples

_AUTO, _REFERENCE, _FULL = "auto", "torch", "float32"
_CPU_ONLY = (CPU, "openvino", "onnxruntime")


@dataclass(frozen=True, eq=False)
class Built:
    """Engines, and how they came about.

    Attributes:
        engines: by part.
        backend: that runs them; where there are several, with the parts of each.
        notes: what was measured, and what this machine lacks, for people.
        warnings: what somebody should look into: engines that failed or gave wrong numbers.
    """

    engines: Mapping[str, Engine]
    backend: str
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def resolve_device(device: str, backend: str = _AUTO) -> str:
    """Return the device that ``auto`` stands for here with ``backend``; others as they are.

    Raises:
        ValueError: if CUDA is asked for and PyTorch sees no CUDA device, or the backend is for
            CPUs.
    """
    if backend in _CPU_ONLY:
        if device == "cuda":
            raise ValueError(
                f"network.device must be auto or cpu with network.backend {backend}, got cuda"
            )
        return "cpu"
    has_cuda = torch.cuda.is_available()
    if device == "cuda" and not has_cuda:
        raise ValueError(
            "network.device must be auto or cpu on this machine, got cuda: "
            "PyTorch finds no CUDA device"
        )
    if device == "auto":
        return "cuda" if has_cuda else "cpu"
    return device


def specifications(shapes: Mapping[str, Sequence[int]]) -> dict[str, TensorSpec]:
    """Return what inputs take: labels are small whole numbers, everything else is not."""
    return {
        name: TensorSpec(tuple(shape), torch.uint8 if name.startswith("labels") else torch.float32)
        for name, shape in shapes.items()
    }


def build_engines(
    parts: Mapping[str, nn.Module],
    shapes: Mapping[str, Mapping[str, Sequence[int]]],
    config: NetworkConfig,
    *,
    backends: Mapping[str, Backend] = BACKENDS,
) -> Built:
    """Return an engine for each part, as ``config`` asks.

    Args:
        parts: of one size, in the order in which they run. They are put into evaluation mode
            and moved to the device.
        shapes: of every part's inputs.
        config: backend, precision, device and cache.
        backends: by name.

    Raises:
        EngineError: if the backend that ``config`` names cannot serve; the message says why.
        ValueError: for a device that this machine or the backend does not have.
    """
    device = resolve_device(config.device, config.backend)
    requests = {
        part: Request(
            part, module.eval().to(device), specifications(shapes[part]), config.precision, device
        )
        for part, module in parts.items()
    }
    builder = _Builder(requests, config, backends)
    engines = builder.engines()
    journal = builder.journal
    warnings = (*journal.warnings, *builder.cache.warnings)
    return Built(engines, journal.backend, journal.notes, warnings)


class _Builder:
    """Builds parts one by one; what they are compared with is computed when first needed."""

    def __init__(
        self,
        requests: Mapping[str, Request],
        config: NetworkConfig,
        backends: Mapping[str, Backend],
    ) -> None:
        self.journal = BuildJournal()
        folder = config.cache_dir
        self.cache = EngineCache(Path(folder).expanduser() if folder else default_cache())
        self._requests, self._backend = requests, config.backend
        self._fastest = FastestEngines(backends, self.cache, self._samples_of)

    def engines(self) -> dict[str, Engine]:
        """Return the first engine that serves, for each part.

        What only needs to be loaded is loaded in threads, on a CPU: a capture of one CUDA graph
        forbids other threads to use the GPU.

        Raises:
            EngineError: if none does.
        """
        requests = list(self._requests.values())
        ready: list[Chosen | None] = [None] * len(requests)
        if all(request.device == "cpu" for request in requests):
            with ThreadPoolExecutor(max(1, len(requests))) as pool:
                ready = list(pool.map(self._ready, requests))
        return {
            request.part: self._engine(request, chosen)
            for request, chosen in zip(requests, ready, strict=True)
        }

    def _ready(self, request: Request) -> Chosen | None:
        """Return what the first attempt will choose, if it only needs to be loaded."""
        name, attempt = next(self._attempts(request))
        return self._fastest.ready(attempt, _names(name))

    def _engine(self, request: Request, ready: Chosen | None) -> Engine:
        """Return the first engine that serves, which is ``ready`` where something is."""
        for name, attempt in self._attempts(request):
            chosen = ready or self._fastest.choose(attempt, _names(name))
            self.journal.add(request.part, chosen)
            if chosen.engine is not None:
                own = attempt.precision == request.precision
                taken = chosen.name if own else f"{chosen.name} in {attempt.precision}"
                self.journal.taken[request.part] = taken
                return chosen.engine
        reasons = "; ".join(self.journal.reasons(request.part))
        raise EngineError(
            f"network.backend {self._backend} cannot run {request.part}: {reasons}. With "
            f"network.backend {_AUTO} another one runs it"
        )

    def _attempts(self, request: Request) -> Iterator[tuple[str, Request]]:
        """Give backend and request of what is to be tried in turn."""
        if self._backend != _AUTO:
            yield self._backend, request
            return
        full = request if request.precision == _FULL else replace(request, precision=_FULL)
        for attempt in dict.fromkeys((request, full)):
            for name in ORDER[request.device]:
                if name != _REFERENCE or attempt is full:
                    yield name, attempt

    def _samples_of(self, part: str) -> Sequence[Sample]:
        return self._samples[part]

    @cached_property
    def _samples(self) -> Mapping[str, Sequence[Sample]]:
        modules = {part: request.module for part, request in self._requests.items()}
        specs = {part: request.inputs for part, request in self._requests.items()}
        device = next(iter(self._requests.values())).device
        return samples(modules, specs, device)


def _names(name: str) -> tuple[str, ...]:
    """Return the backends that a name in ``ORDER`` stands for."""
    return MEASURED if name == CPU else (name,)
