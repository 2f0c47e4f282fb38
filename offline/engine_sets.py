"""A network's parts as engines of one backend and precision, for whoever compares several.

Unlike ``engines.build`` nothing falls back on anything: an engine is of the backend that was asked
for, or there is none and a reason. Compiled files go through the same cache.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn

from scene_perception.engines.backends import BACKENDS, Backend, EngineError, Request
from scene_perception.engines.base import Engine, TensorSpec
from scene_perception.engines.cache import EngineCache
from scene_perception.engines.cache_key import key_of
from scene_perception.engines.config import NetworkConfig
from scene_perception.engines.networks import MONO_MODELS, Shapes, dwarf_parts, mono_parts
from scene_perception.engines.quantize import compile_int8
from scene_perception.models import dwarf

Inputs = Mapping[str, TensorSpec]
Calibration = Mapping[str, Sequence[Mapping[str, Tensor]]]

MODELS = (*MONO_MODELS, "dwarf")
_IMAGES = {"image", "images"}


@dataclass(frozen=True, eq=False)
class Network:
    """A network cut into parts.

    Attributes:
        model: one of ``MODELS``.
        parts: in their order.
        inputs: name and specification of every part's inputs.
        device: where the parts are.
    """

    model: str
    parts: Mapping[str, nn.Module]
    inputs: Mapping[str, Inputs]
    device: str = "cpu"

    @property
    def stereo(self) -> bool:
        """Whether a frame is a pair of images."""
        return self.model == "dwarf"

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the network's input, px."""
        first = next(iter(next(iter(self.inputs.values())).values()))
        return first.shape[-2], first.shape[-1]

    @property
    def encoders(self) -> tuple[str, ...]:
        """Parts that run once a frame, as they take images alone."""
        return tuple(part for part, inputs in self.inputs.items() if set(inputs) <= _IMAGES)

    def request(self, part: str, precision: str) -> Request:
        """Return what is asked of a backend."""
        return Request(part, self.parts[part], self.inputs[part], precision, self.device)


@dataclass(frozen=True, eq=False)
class EngineSet:
    """All parts of a network as engines of one backend.

    Attributes:
        name: backend and precision, for tables.
        engines: by part.
        seconds: that compiling and loading took.
    """

    name: str
    engines: Mapping[str, Engine]
    seconds: float


@dataclass(frozen=True, eq=False)
class EngineSets:
    """Makes engines of any backend that can serve.

    Attributes:
        cache: of compiled files.
        calibration: inputs of every part, by which int8 engines are made; empty: there are none
            but those that are in the cache.
        thorough: as ``quantize.compile_int8``.
    """

    cache: EngineCache
    calibration: Calibration = field(default_factory=dict)
    thorough: bool = True

    def of(self, network: Network, backend: str, precision: str) -> EngineSet:
        """Return a network's parts as engines.

        Raises:
            EngineError: naming the part that ``backend`` cannot run, and why.
        """
        start = time.perf_counter()
        engines = {
            part: self.engine(network.request(part, precision), BACKENDS[backend])
            for part in network.parts
        }
        return EngineSet(f"{backend} {precision}", engines, time.perf_counter() - start)

    def engine(self, request: Request, backend: Backend) -> Engine:
        """Return one part as an engine; see ``of``."""
        why = backend.missing(request)
        if why:
            raise EngineError(f"{request.part} cannot run on {backend.name}: {why}")
        if not backend.keeps_files:
            return backend.load(request, Path())
        examples = self.calibration.get(request.part, ())
        make = partial(backend.compile, request)
        if request.precision == "int8" and examples:
            make = partial(compile_int8, request, examples, thorough=self.thorough)
        return backend.load(request, self.cache.folder(key_of(request, backend), make))


def network_of(
    model: str, weights: str, height: int, width: int, *, device: str = "cpu"
) -> Network:
    """Return a model's parts in evaluation mode.

    Args:
        model: one of ``MODELS``.
        weights: converted weights; empty for random ones.
        height: of the input, px.
        width: of the input, px.
        device: ``cpu`` or ``cuda``.

    Raises:
        FileNotFoundError: if ``weights`` is no file.
        ValueError: for an unknown model, weights of another one, or a size that it cannot take.
    """
    if model not in MODELS:
        raise ValueError(f"model must be one of {', '.join(MODELS)}, got {model!r}")
    config = NetworkConfig(
        weights=weights,
        random_weights=not weights,
        height=height,
        width=width,
        backend="torch",
        device=device,
    )
    shapes: Shapes
    if model == "dwarf":
        parts, shapes = dwarf_parts(config), dwarf.part_inputs(height, width)
    else:
        parts, shapes = mono_parts(model, config)[1], MONO_MODELS[model].inputs(height, width)
    inputs = {
        part: {name: _spec(name, shapes[part][name]) for name in shapes[part]} for part in parts
    }
    return Network(model, {p: m.eval().to(device) for p, m in parts.items()}, inputs, device)


def _spec(name: str, shape: tuple[int, ...]) -> TensorSpec:
    return TensorSpec(shape, torch.uint8 if name.startswith("labels") else torch.float32)
