"""From settings to engines that are ready to run."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from scene_perception.engines.base import Engine
from scene_perception.engines.build import Built, build_engines, resolve_device
from scene_perception.engines.config import NetworkConfig
from scene_perception.engines.networks import (
    MONO_MODELS,
    SEMANTICS,
    Parts,
    Shapes,
    dwarf_parts,
    flow_parts,
    main_weights,
    mono_parts,
    output_names,
    semantics_parts,
)
from scene_perception.models import dwarf, omeganet
from scene_perception.models.omeganet import RigidMotion

_MAIN, _RANDOM = "network.weights", "random"

Build = Callable[[Parts, Shapes, NetworkConfig], Built]


@dataclass(frozen=True, eq=False)
class LoadedEngines:
    """Engines and where they come from.

    Attributes:
        engines: by part.
        model: ``omeganet``, ``dsnet``, ``sgdepth``, ``insta_dm`` or ``dwarf``.
        weights: by setting, such as ``network.weights``: the file, or ``random``.
        description: backend, device, size, weights and loading time, for logs.
        backend: that runs the parts; where there are several, with the parts of each.
        device: ``cpu`` or ``cuda``.
        notes: which backends this machine lacks, and what was measured, for people.
        warnings: backends that failed or whose numbers were wrong, for people.
    """

    engines: Mapping[str, Engine]
    model: str
    weights: Mapping[str, str]
    description: str
    backend: str
    device: str
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def random(self) -> bool:
        """Whether the main network's weights are random, hence its outputs meaningless."""
        return self.weights[_MAIN] == _RANDOM


def load_mono_engines(
    config: NetworkConfig,
    model: str = "omeganet",
    *,
    flow: str = "",
    semantics: str = "",
    build: Build = build_engines,
) -> LoadedEngines:
    """Load weights and build an engine for each part.

    The backend ``constant`` takes random weights where none are given, as it never computes
    with them.

    Args:
        config: what runs the model; ``flow`` and ``semantics`` run likewise.
        model: one of ``networks.MONO_MODELS``. Weights of DSNet alone are an ``omeganet`` that
            gives depth and labels.
        flow: weights of OmegaNet, whose flow is added; empty for none.
        semantics: weights of DSNet or OmegaNet, whose labels are added; empty for none.
        build: makes the engines.

    Raises:
        FileNotFoundError: if weights are no file.
        ValueError: if none are given and the package has none of the model, for a file or
            device that does not fit, or for flow or labels that the model gives itself.
        EngineError: if the backend cannot serve.
    """
    start = time.perf_counter()
    weights = main_weights(model, config)
    held, main = mono_parts(model, config)
    parts = dict(main)
    if flow:
        _refuse_second(parts, "flow", "flow.weights", flow)
        parts |= flow_parts(flow)
    if semantics:
        _refuse_second(parts, "labels", "semantics.weights", semantics)
        parts |= semantics_parts(semantics)
    given = {name for module in parts.values() for name in output_names(module)}
    if {"flow", "next_from_current"} <= given and "motion_probability" not in given:
        parts["rigid_motion"] = RigidMotion()
    own = MONO_MODELS[model].inputs(config.height, config.width)
    built = build(parts, {**_added_shapes(config), **own}, config)
    named = {"flow.weights": flow, "semantics.weights": semantics}
    added = {setting: path for setting, path in named.items() if path}
    return LoadedEngines(
        built.engines,
        held,
        {_MAIN: weights or _RANDOM, **added},
        _description(held, config, weights, built, start, *map(" ".join, added.items())),
        built.backend,
        _device(config),
        built.notes,
        built.warnings,
    )


def load_dwarf_engines(
    config: NetworkConfig,
    semantics: NetworkConfig | None = None,
    *,
    build: Build = build_engines,
) -> LoadedEngines:
    """Load weights and build an engine for each part of DWARF.

    Args:
        config: what runs DWARF.
        semantics: what runs DSNet's semantics beside it, from weights of DSNet or OmegaNet; None
            leaves them out.
        build: makes the engines.

    Raises:
        FileNotFoundError: if weights are no file.
        ValueError, EngineError: as ``load_mono_engines``.
    """
    start = time.perf_counter()
    shapes = dwarf.part_inputs(config.height, config.width)
    weights = main_weights("dwarf", config)
    built = build(dwarf_parts(config), shapes, config)
    loaded = LoadedEngines(
        built.engines,
        "dwarf",
        {_MAIN: weights or _RANDOM},
        _description("dwarf", config, weights, built, start),
        built.backend,
        _device(config),
        built.notes,
        built.warnings,
    )
    return loaded if semantics is None else _with_semantics(loaded, semantics, build)


def _with_semantics(loaded: LoadedEngines, config: NetworkConfig, build: Build) -> LoadedEngines:
    """Return ``loaded`` with DSNet's labels, which have a size of their own."""
    start = time.perf_counter()
    built = build(semantics_parts(config.weights), _added_shapes(config), config)
    description = _description("dsnet", config, config.weights, built, start)
    one = built.backend == loaded.backend
    return replace(
        loaded,
        engines={**loaded.engines, **built.engines},
        weights={**loaded.weights, "semantics.weights": config.weights},
        description=f"{loaded.description}; {description}",
        backend=loaded.backend if one else f"{loaded.backend}, {SEMANTICS}: {built.backend}",
        notes=tuple(dict.fromkeys((*loaded.notes, *built.notes))),
        warnings=tuple(dict.fromkeys((*loaded.warnings, *built.warnings))),
    )


def _added_shapes(config: NetworkConfig) -> Shapes:
    """Return the shapes of what is run beside a network: OmegaNet's parts, or its labels."""
    shapes = omeganet.part_inputs(config.height, config.width)
    return {**shapes, SEMANTICS: shapes["dsnet"]}


def _refuse_second(parts: Parts, output: str, setting: str, path: str) -> None:
    for part, module in parts.items():
        if output in output_names(module):
            raise ValueError(
                f"{setting} must be empty where the model gives {output} itself ({part}), "
                f"got {path}"
            )


def _device(config: NetworkConfig) -> str:
    return resolve_device(config.device, config.backend)


def _description(
    model: str, config: NetworkConfig, weights: str, built: Built, start: float, *added: str
) -> str:
    return ", ".join(
        (
            f"{model} {config.width}x{config.height} {config.precision}",
            f"{built.backend} on {_device(config)}",
            weights or "random weights, outputs are meaningless",
            *added,
            f"loaded in {time.perf_counter() - start:.1f} s",
        )
    )
