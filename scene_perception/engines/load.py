"""From settings to engines that are ready to run."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from scene_perception.checkpoints.dwarf import load_dwarf
from scene_perception.checkpoints.omeganet import load_dsnet, load_omeganet
from scene_perception.checkpoints.weights import load_weights
from scene_perception.engines.base import Engine, TensorSpec
from scene_perception.engines.build import build_engine, resolve_backend, resolve_device
from scene_perception.engines.config import NetworkConfig
from scene_perception.engines.random_weights import random_dwarf, random_omeganet
from scene_perception.models import dwarf, omeganet
from scene_perception.models.dsnet import DSNet
from scene_perception.models.dwarf import DWARF
from scene_perception.models.dwarf_heads import fuse_heads
from scene_perception.models.omeganet import OmegaNet


@dataclass(frozen=True, eq=False)
class LoadedEngines:
    """Engines and where they come from.

    Attributes:
        engines: by part: ``dsnet`` alone, all six parts of OmegaNet, or the four of DWARF,
            with or without ``dsnet``.
        model: ``omeganet``, ``dsnet`` or ``dwarf``.
        random: whether the weights are random, hence the outputs meaningless.
        description: backend, device, size, weights and loading time, for logs.
    """

    engines: Mapping[str, Engine]
    model: str
    random: bool
    description: str


def load_omeganet_engines(config: NetworkConfig) -> LoadedEngines:
    """Load weights and build an engine for each part; building runs each once.

    Weights of DSNet alone give the engine ``dsnet`` alone. The backend ``constant`` takes
    random weights where none are given, as it never computes with them.

    Raises:
        FileNotFoundError: if ``config.weights`` names no file.
        ValueError: if no weights are given and random ones are not allowed, or for a file,
            backend or device that does not fit.
    """
    start = time.perf_counter()
    network = _omeganet(config)
    modules = {"dsnet": network} if isinstance(network, DSNet) else network.parts()
    engines = _engines(modules, omeganet.part_inputs(config.height, config.width), config)
    model = "dsnet" if isinstance(network, DSNet) else "omeganet"
    return LoadedEngines(engines, model, not config.weights, _description(model, config, start))


def load_dwarf_engines(
    config: NetworkConfig, semantics: NetworkConfig | None = None
) -> LoadedEngines:
    """Load weights and build an engine for each part of DWARF; building runs each once.

    Args:
        config: what runs DWARF.
        semantics: what runs DSNet beside it, the engine ``dsnet``, from weights of DSNet or
            OmegaNet; None leaves it out.

    Raises:
        FileNotFoundError: if weights are no file.
        ValueError: as ``load_omeganet_engines``.
    """
    start = time.perf_counter()
    network = _dwarf(config)
    engines = _engines(network.parts(), dwarf.part_inputs(config.height, config.width), config)
    description = _description("dwarf", config, start)
    if semantics is not None:
        start = time.perf_counter()
        shapes = omeganet.part_inputs(semantics.height, semantics.width)
        engines |= _engines({"dsnet": _dsnet(semantics)}, shapes, semantics)
        description += f"; {_description('dsnet', semantics, start)}"
    return LoadedEngines(engines, "dwarf", not config.weights, description)


def _engines(
    modules: Mapping[str, nn.Module],
    shapes: Mapping[str, Mapping[str, tuple[int, ...]]],
    config: NetworkConfig,
) -> dict[str, Engine]:
    engines = {}
    for part, module in modules.items():
        inputs = {name: TensorSpec(shape) for name, shape in shapes[part].items()}
        engines[part] = build_engine(module, inputs, config.backend, config.device)
    return engines


def _description(model: str, config: NetworkConfig, start: float) -> str:
    weights = config.weights or "random weights, outputs are meaningless"
    return (
        f"{model} {config.width}x{config.height} {config.precision}, "
        f"{resolve_backend(config.backend)} on {resolve_device(config.device)}, {weights}, "
        f"loaded in {time.perf_counter() - start:.1f} s"
    )


def _omeganet(config: NetworkConfig) -> OmegaNet | DSNet:
    found = _weights(config, "omeganet", ("omeganet", "dsnet"))
    if found is None:
        return random_omeganet()
    path, model = found
    return load_dsnet(path) if model == "dsnet" else load_omeganet(path)


def _dsnet(config: NetworkConfig) -> DSNet:
    found = _weights(config, "omeganet", ("omeganet", "dsnet"), "semantics.weights")
    return random_omeganet().dsnet if found is None else load_dsnet(found[0])


def _dwarf(config: NetworkConfig) -> DWARF:
    found = _weights(config, "dwarf", ("dwarf",))
    network = random_dwarf(width=config.width) if found is None else load_dwarf(found[0])
    fuse_heads(network)
    if resolve_device(config.device) == "cpu":
        # Channels last saves a fifth of the time there: dilated convolutions, and warps that
        # gather whole pixels.
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network


def _weights(
    config: NetworkConfig, converter: str, models: Sequence[str], setting: str = "network.weights"
) -> tuple[Path, str] | None:
    """Return the weights' file and which of ``models`` it holds; None for random weights."""
    if not config.weights:
        if config.allow_random_weights or config.backend == "constant":
            return None
        raise ValueError(
            f"{setting} must name a .safetensors file, got an empty path: convert the "
            f"published checkpoint with `python -m offline.convert {converter} CHECKPOINT "
            "OUT.safetensors`, or set network.allow_random_weights to see the node run"
        )
    path = Path(config.weights).expanduser()
    if not path.is_file():
        raise FileNotFoundError(
            f"{setting} must name a .safetensors file, got {config.weights}: no such "
            "file (`python -m offline.convert` makes one)"
        )
    model = load_weights(path)[1]["model"]
    if model not in models:
        raise ValueError(
            f"{setting} must hold the model {' or '.join(models)}, {config.weights} holds {model}"
        )
    return path, model
