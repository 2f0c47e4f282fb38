"""From settings to engines that are ready to run."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import torch

from scene_perception.engines.base import Engine, TensorSpec
from scene_perception.engines.build import build_engine, resolve_backend, resolve_device
from scene_perception.engines.config import NetworkConfig
from scene_perception.engines.networks import (
    MONO_MODELS,
    SEMANTICS,
    Parts,
    Shapes,
    dwarf_parts,
    flow_parts,
    mono_parts,
    semantics_parts,
)
from scene_perception.models import dwarf, omeganet
from scene_perception.models.omeganet import RigidMotion

_MAIN, _RANDOM = "network.weights", "random"


@dataclass(frozen=True, eq=False)
class LoadedEngines:
    """Engines and where they come from.

    Attributes:
        engines: by part.
        model: ``omeganet``, ``dsnet``, ``sgdepth``, ``insta_dm`` or ``dwarf``.
        weights: by setting, such as ``network.weights``: the file, or ``random``.
        description: backend, device, size, weights and loading time, for logs.
    """

    engines: Mapping[str, Engine]
    model: str
    weights: Mapping[str, str]
    description: str

    @property
    def random(self) -> bool:
        """Whether the main network's weights are random, hence its outputs meaningless."""
        return self.weights[_MAIN] == _RANDOM


def load_mono_engines(
    config: NetworkConfig, model: str = "omeganet", *, flow: str = "", semantics: str = ""
) -> LoadedEngines:
    """Load weights and build an engine for each part; building runs each once.

    The backend ``constant`` takes random weights where none are given, as it never computes
    with them.

    Args:
        config: what runs the model; ``flow`` and ``semantics`` run likewise.
        model: one of ``networks.MONO_MODELS``. Weights of DSNet alone are an ``omeganet`` that
            gives depth and labels.
        flow: weights of OmegaNet, whose flow is added; empty for none.
        semantics: weights of DSNet or OmegaNet, whose labels are added; empty for none.

    Raises:
        FileNotFoundError: if weights are no file.
        ValueError: if no weights are given and random ones are not allowed, for a file, backend
            or device that does not fit, or for flow or labels that the model gives itself.
    """
    start = time.perf_counter()
    held, parts = mono_parts(model, config)
    engines = _engines(parts, MONO_MODELS[model].inputs(config.height, config.width), config)
    shapes = _added_shapes(config)
    if flow:
        _refuse_second(engines, "flow", "flow.weights", flow)
        engines |= _engines(flow_parts(flow), shapes, config)
    if semantics:
        _refuse_second(engines, "labels", "semantics.weights", semantics)
        engines |= _engines(semantics_parts(semantics), shapes, config)
    given = {name for engine in engines.values() for name in engine.outputs}
    if {"flow", "next_from_current"} <= given and "motion_probability" not in given:
        engines |= _engines({"rigid_motion": RigidMotion()}, shapes, config)
    named = {"flow.weights": flow, "semantics.weights": semantics}
    added = {setting: path for setting, path in named.items() if path}
    description = _description(held, config, start, *map(" ".join, added.items()))
    return LoadedEngines(engines, held, {**_main_weights(config), **added}, description)


def load_dwarf_engines(
    config: NetworkConfig, semantics: NetworkConfig | None = None
) -> LoadedEngines:
    """Load weights and build an engine for each part of DWARF; building runs each once.

    Args:
        config: what runs DWARF.
        semantics: what runs DSNet's semantics beside it, from weights of DSNet or OmegaNet; None
            leaves them out.

    Raises:
        FileNotFoundError: if weights are no file.
        ValueError: as ``load_mono_engines``.
    """
    start = time.perf_counter()
    shapes = dwarf.part_inputs(config.height, config.width)
    engines = _engines(dwarf_parts(config), shapes, config)
    weights, description = _main_weights(config), _description("dwarf", config, start)
    if semantics is not None:
        start = time.perf_counter()
        parts = semantics_parts(semantics.weights)
        engines |= _engines(parts, _added_shapes(semantics), semantics)
        weights["semantics.weights"] = semantics.weights
        description += f"; {_description('dsnet', semantics, start)}"
    return LoadedEngines(engines, "dwarf", weights, description)


def _added_shapes(config: NetworkConfig) -> Shapes:
    """Return the shapes of what is run beside a network: OmegaNet's parts, or its labels."""
    shapes = omeganet.part_inputs(config.height, config.width)
    return {**shapes, SEMANTICS: shapes["dsnet"]}


def _refuse_second(engines: Mapping[str, Engine], output: str, setting: str, path: str) -> None:
    for part, engine in engines.items():
        if output in engine.outputs:
            raise ValueError(
                f"{setting} must be empty where the model gives {output} itself ({part}), "
                f"got {path}"
            )


def _engines(parts: Parts, shapes: Shapes, config: NetworkConfig) -> dict[str, Engine]:
    engines = {}
    for part, module in parts.items():
        inputs = {name: _specification(name, shape) for name, shape in shapes[part].items()}
        engines[part] = build_engine(module, inputs, config.backend, config.device)
    return engines


def _specification(name: str, shape: tuple[int, ...]) -> TensorSpec:
    """Return what an input takes: labels are small whole numbers, everything else is not."""
    return TensorSpec(shape, torch.uint8 if name.startswith("labels") else torch.float32)


def _main_weights(config: NetworkConfig) -> dict[str, str]:
    return {_MAIN: config.weights or _RANDOM}


def _description(model: str, config: NetworkConfig, start: float, *added: str) -> str:
    return ", ".join(
        (
            f"{model} {config.width}x{config.height} {config.precision}",
            f"{resolve_backend(config.backend)} on {resolve_device(config.device)}",
            config.weights or "random weights, outputs are meaningless",
            *added,
            f"loaded in {time.perf_counter() - start:.1f} s",
        )
    )
