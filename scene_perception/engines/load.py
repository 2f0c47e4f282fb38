"""From settings to engines that are ready to run."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scene_perception.checkpoints.omeganet import load_dsnet, load_omeganet
from scene_perception.checkpoints.weights import load_weights
from scene_perception.engines.base import Engine, TensorSpec
from scene_perception.engines.build import build_engine, resolve_backend, resolve_device
from scene_perception.engines.config import NetworkConfig
from scene_perception.engines.random_weights import random_omeganet
from scene_perception.models.dsnet import DSNet
from scene_perception.models.omeganet import OmegaNet, part_inputs


@dataclass(frozen=True, eq=False)
class LoadedEngines:
    """Engines and where they come from.

    Attributes:
        engines: by part: ``dsnet`` alone or all six parts of OmegaNet.
        model: ``omeganet`` or ``dsnet``.
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
    network = _network(config)
    random = not config.weights
    modules = {"dsnet": network} if isinstance(network, DSNet) else network.parts()
    shapes = part_inputs(config.height, config.width)
    engines = {}
    for part, module in modules.items():
        inputs = {name: TensorSpec(shape) for name, shape in shapes[part].items()}
        engines[part] = build_engine(module, inputs, config.backend, config.device)
    model = "dsnet" if isinstance(network, DSNet) else "omeganet"
    weights = "random weights, outputs are meaningless" if random else config.weights
    description = (
        f"{model} {config.width}x{config.height} {config.precision}, "
        f"{resolve_backend(config.backend)} on {resolve_device(config.device)}, {weights}, "
        f"loaded in {time.perf_counter() - start:.1f} s"
    )
    return LoadedEngines(engines, model, random, description)


def _network(config: NetworkConfig) -> OmegaNet | DSNet:
    if not config.weights:
        if config.allow_random_weights or config.backend == "constant":
            return random_omeganet()
        raise ValueError(
            "network.weights must name a .safetensors file, got an empty path: convert the "
            "published checkpoint with `python -m offline.convert omeganet CHECKPOINT "
            "OUT.safetensors`, or set network.allow_random_weights to see the node run"
        )
    path = Path(config.weights).expanduser()
    if not path.is_file():
        raise FileNotFoundError(
            f"network.weights must name a .safetensors file, got {config.weights}: no such "
            "file (`python -m offline.convert` makes one)"
        )
    model = load_weights(path)[1].get("model")
    if model == "dsnet":
        return load_dsnet(path)
    if model == "omeganet":
        return load_omeganet(path)
    raise ValueError(
        f"network.weights must hold the model omeganet or dsnet, {config.weights} holds {model}"
    )
