"""The networks that settings name, cut into parts: from a weights file, or random."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, get_type_hints

import torch
from torch import nn

from scene_perception.checkpoints.dwarf import load_dwarf
from scene_perception.checkpoints.insta_dm import load_insta_dm
from scene_perception.checkpoints.omeganet import load_dsnet, load_omeganet
from scene_perception.checkpoints.sgdepth import load_sgdepth
from scene_perception.checkpoints.shipped import meant_weights
from scene_perception.checkpoints.weights import model_in
from scene_perception.engines.build import resolve_device
from scene_perception.engines.config import NetworkConfig
from scene_perception.engines.random_weights import (
    random_dwarf,
    random_insta_dm,
    random_omeganet,
    random_sgdepth,
)
from scene_perception.models import insta_dm, omeganet, sgdepth
from scene_perception.models.dsnet import Labeller
from scene_perception.models.dwarf import DWARF
from scene_perception.models.dwarf_heads import fuse_heads

Parts = Mapping[str, nn.Module]
Shapes = Mapping[str, Mapping[str, tuple[int, ...]]]

SEMANTICS = "semantics"
_MAIN = "network.weights"
# What runs the weights of a model, for whoever gives them to something else.
_RUN_BY = {
    "omeganet": "mono_node with model omeganet",
    "dsnet": "mono_node with model omeganet",
    "sgdepth": "mono_node with model sgdepth",
    "insta_dm": "mono_node with model insta_dm",
    "dwarf": "stereo_node",
}


class WeightsFile(NamedTuple):
    """A file of weights, or a folder of several, and the model that it says they are of."""

    path: Path
    model: str


@dataclass(frozen=True)
class MonoModel:
    """A network that describes one camera's images.

    Attributes:
        holds: models that its weights may say they are of.
        load: makes the parts from a weights file.
        random: makes them with random weights.
        inputs: shapes of their inputs at a height and width.
    """

    holds: tuple[str, ...]
    load: Callable[[WeightsFile], Parts]
    random: Callable[[], Parts]
    inputs: Callable[[int, int], Shapes]


def _omeganet(file: WeightsFile) -> Parts:
    if file.model == "dsnet":
        return {"dsnet": load_dsnet(file.path)}
    return load_omeganet(file.path).parts()


MONO_MODELS: Mapping[str, MonoModel] = {
    "omeganet": MonoModel(
        ("omeganet", "dsnet"), _omeganet, lambda: random_omeganet().parts(), omeganet.part_inputs
    ),
    "sgdepth": MonoModel(
        ("sgdepth",),
        lambda file: load_sgdepth(file.path).parts(),
        lambda: random_sgdepth().parts(),
        sgdepth.part_inputs,
    ),
    "insta_dm": MonoModel(
        ("insta_dm",),
        lambda file: load_insta_dm(file.path).parts(),
        lambda: random_insta_dm().parts(),
        insta_dm.part_inputs,
    ),
}


def mono_parts(model: str, config: NetworkConfig) -> tuple[str, Parts]:
    """Return the parts of one of ``MONO_MODELS``, and what its weights say they are of.

    Raises:
        FileNotFoundError: if ``config.weights`` names no file.
        ValueError: if none are given and the package has none, or for a file that is no weights
            of ``model``.
    """
    entry = MONO_MODELS[model]
    weights = main_weights(model, config)
    if not weights:
        return model, entry.random()
    file = weights_file(weights, _MAIN, entry.holds)
    return file.model, entry.load(file)


def flow_parts(weights: str) -> Parts:
    """Return OmegaNet's parts that give optical flow.

    Raises:
        FileNotFoundError: if ``weights`` name no file.
        ValueError: for a file that is no weights of OmegaNet.
    """
    network = load_omeganet(weights_file(weights, "flow.weights", ("omeganet",)).path)
    return {part: network.parts()[part] for part in ("flow_encoder", "flow_decoder")}


def semantics_parts(weights: str) -> Parts:
    """Return the part that labels an image, ``SEMANTICS``.

    Raises:
        FileNotFoundError: if ``weights`` name no file.
        ValueError: for a file that is no weights of DSNet or OmegaNet.
    """
    file = weights_file(weights, "semantics.weights", MONO_MODELS["omeganet"].holds)
    return {SEMANTICS: Labeller(load_dsnet(file.path))}


def output_names(module: nn.Module) -> tuple[str, ...]:
    """Return the names of what a part gives, from its signature: nothing is run."""
    names: tuple[str, ...] = get_type_hints(type(module).forward)["return"]._fields
    return names


def dwarf_parts(config: NetworkConfig) -> Parts:
    """Return the parts of DWARF.

    Raises:
        FileNotFoundError, ValueError: as ``mono_parts``.
    """
    network = _dwarf(config)
    fuse_heads(network)
    if resolve_device(config.device, config.backend) == "cpu":
        # Channels last saves a fifth of the time there: dilated convolutions, and warps that
        # gather whole pixels.
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network.parts()


def _dwarf(config: NetworkConfig) -> DWARF:
    weights = main_weights("dwarf", config)
    if not weights:
        return random_dwarf(width=config.width)
    return load_dwarf(weights_file(weights, _MAIN, ("dwarf",)).path)


def main_weights(model: str, config: NetworkConfig) -> str:
    """Return the weights that ``model`` runs with, a path; empty for random ones.

    The backend ``constant`` never computes with them and needs none.

    Raises:
        ValueError: as ``shipped.meant_weights``.
    """
    random = config.random_weights or (config.backend == "constant" and not config.weights)
    return meant_weights(
        model, config.weights, random=random, setting=_MAIN, random_by="network.random_weights"
    )


def weights_file(weights: str, setting: str, models: Sequence[str]) -> WeightsFile:
    """Return the file or folder that ``weights`` names, if it holds one of ``models``.

    Raises:
        FileNotFoundError: if there is neither.
        ValueError: if it is no weights file, or holds another model; the message names
            ``setting``.
    """
    path = Path(weights).expanduser()
    if not path.exists():
        raise FileNotFoundError(
            f"{setting} must name a .safetensors file, got {weights}: no such file "
            "(`python -m offline.convert` makes one)"
        )
    held = model_in(path)
    if held not in models:
        runs = f"; {_RUN_BY[held]} runs it" if held in _RUN_BY else ""
        raise ValueError(
            f"{setting} must hold the model {' or '.join(models)}, {weights} holds {held}{runs}"
        )
    return WeightsFile(path, held)
