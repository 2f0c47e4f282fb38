"""The published DWARF's variables and where they live in our state dictionary.

The published code saves every global variable; after training that includes the optimiser's
slots and a step counter, which are passed over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from scene_perception.checkpoints.variables import network_variables, state_of, stored_shape
from scene_perception.checkpoints.weights import Uninitialised, fill, load_model
from scene_perception.models.dwarf import DWARF

_LEAVES = {"weights": "weight", "biases": "bias"}
# The published disparity_change is the disparity at t+1, not a change.
_HEADS = {
    "optical_flow": "flow",
    "disparity": "disparity",
    "disparity_change": "next_disparity",
}
_MOTIONS = {"flow": "flow", "disparity": "disparity", "disparity_change": "next_disparity"}
_REFINEMENTS = {
    "flow": "motion_refinement",
    "disparity": "disparity_refinement",
    "next_disparity": "motion_refinement",
}


@cache
def name_map() -> dict[str, str]:
    """Return published name -> our name of every variable."""
    return {
        f"{scope}/{leaf}": f"{module}.{ours}"
        for scope, module in _layers()
        for leaf, ours in _LEAVES.items()
    }


@cache
def published_shapes() -> dict[str, tuple[int, ...]]:
    """Return published name -> shape as stored (kernels HWIO, transposed ones HWOI)."""
    with torch.device("meta"):
        state = DWARF().state_dict()
    return {name: stored_shape(tuple(state[key].shape)) for name, key in name_map().items()}


def _layers() -> Iterator[tuple[str, str]]:
    """Yield (published scope, our module) of every convolution."""
    for level in range(1, 7):
        for n in range(3):
            name = f"dwarf/Encoder/level_{level}/{_numbered('Conv', n)}"
            yield name, f"stereo_encoder.levels.{level - 1}.{n}.conv"
    for level in range(6, 2, -1):
        scope = f"dwarf/decoder/block_{level}/estimator"
        module = f"scene_flow_decoder.levels.level_{level}"
        yield from _trunk(scope, f"{module}.trunk")
        yield from _heads(scope, dict.fromkeys(_REFINEMENTS, module))
        yield from _upsampling(scope, module)
    finest = "dwarf/decoder/block_2/estimator"
    yield from _trunk(finest, "scene_flow_decoder.trunk")
    yield from _heads(finest, _REFINEMENTS)
    yield from _contexts(finest)


def _trunk(scope: str, module: str) -> Iterator[tuple[str, str]]:
    for n in range(3):
        yield f"{scope}/estimator_block_{n}/Conv", f"{module}.{n}.conv"


def _heads(scope: str, modules: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the layers of a level's heads; ``modules`` says what holds each."""
    for name, head in _HEADS.items():
        module = f"{modules[head]}.heads.{head}"
        for n, layer in enumerate(("first", "second")):
            yield f"{scope}/{name}/estimator_block_{n}/Conv", f"{module}.{layer}"
        yield f"{scope}/{name}/Conv", f"{module}.prediction"


def _upsampling(scope: str, module: str) -> Iterator[tuple[str, str]]:
    for name, head in _MOTIONS.items():
        yield f"{scope}/upsample_motion_vectors/{name}", f"{module}.heads.{head}.upsample_motion"
        yield f"{scope}/upsample_features/{name}", f"{module}.heads.{head}.upsample_features"


def _contexts(scope: str) -> Iterator[tuple[str, str]]:
    for name, motion in _MOTIONS.items():
        for n in range(7):
            layer = f"{scope}/context_network_{name}/{_numbered('Conv', n)}"
            yield layer, f"{_REFINEMENTS[motion]}.{motion}.layers.{n}.conv"


def _numbered(name: str, n: int) -> str:
    """Return the name that TensorFlow gives to the ``n``-th layer called ``name``."""
    return f"{name}_{n}" if n else name


def convert(variables: Mapping[str, NDArray[Any]]) -> dict[str, Tensor]:
    """Return our state dictionary for a published checkpoint's variables.

    Args:
        variables: published name -> float array as stored.

    Raises:
        ValueError: naming the first variables that are unknown, missing or misshapen, or hold
            anything but finite numbers.
    """
    published = network_variables(variables, name_map(), "DWARF")
    return state_of(published, name_map(), published_shapes(), "a whole DWARF")


def load_dwarf(path: Path) -> DWARF:
    """Return DWARF with the weights of a converted checkpoint, for inference.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is no weights file, or holds another model.
    """
    with Uninitialised():
        network = DWARF()
    fill(network, load_model(path, ("dwarf",)), path)
    return network.eval()
