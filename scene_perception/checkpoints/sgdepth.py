"""The published SGDepth's entries and where they live in our state dictionary.

The published file, ``model.pth``, is a bare state dictionary. How many decoder steps depth and
semantics share follows from its names.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path

import torch
from torch import Tensor

from scene_perception.checkpoints.pytorch import names_of, state_of
from scene_perception.checkpoints.weights import Uninitialised, fill, load_model
from scene_perception.models.residual_decoder import SCALES, STEPS
from scene_perception.models.sgdepth import SGDepth
from scene_perception.models.sgdepth_scene import shared_steps

_PUBLISHED_SHARED = "common.decoder.blocks."
_OUR_SHARED = "scene.shared.steps."
_TASKS = {"depth": "scene.depth", "seg": "scene.segmentation"}
_POSE_LAYERS = {
    "squeeze": "squeeze",
    "conv_1": "conv1",
    "conv_2": "conv2",
    "conv_3": "prediction",
}


@cache
def name_map(split: int = 1) -> dict[str, str]:
    """Return published name -> our name of every entry, for a split position."""
    return names_of(_modules(shared_steps(split)), _our_shapes(split))


@cache
def published_shapes(split: int = 1) -> dict[str, tuple[int, ...]]:
    """Return published name -> shape of every entry, for a split position."""
    return {name: _our_shapes(split)[key] for name, key in name_map(split).items()}


def _modules(shared: int) -> Iterator[tuple[str, str]]:
    """Yield (published name, our name) of modules that hold all entries."""
    yield "common.encoder.encoder", "scene.encoder"
    yield from _steps("common", "scene.shared", STEPS[:shared])
    for published, ours in _TASKS.items():
        yield from _steps(published, f"{ours}.decoder", STEPS[shared:])
    for n in range(SCALES):
        yield f"depth.multires.convs.{n}", f"scene.depth.predictions.{n}.conv"
    yield "seg.multires.convs.0", "scene.segmentation.prediction.conv"
    yield "pose.encoder.encoder", "ego_motion.net.encoder"
    for published, ours in _POSE_LAYERS.items():
        yield f"pose.decoder.{published}", f"ego_motion.net.{ours}"


def _steps(published: str, ours: str, steps: range) -> Iterator[tuple[str, str]]:
    for n in steps:
        yield f"{published}.decoder.blocks.step_{n}.conv", f"{ours}.steps.step_{n}.conv.conv"


@cache
def _our_shapes(split: int) -> dict[str, tuple[int, ...]]:
    with torch.device("meta"):
        state = SGDepth(split).state_dict()
    return {name: tuple(tensor.shape) for name, tensor in state.items()}


def _split(names: Collection[str], shared: str) -> int:
    """Return the split position by how many steps have names that begin with ``shared``."""
    count = sum(name.startswith(shared) and name.endswith(".weight") for name in names)
    return min((count + 1) // 2, len(STEPS) // 2)


def convert(entries: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return our state dictionary for a published checkpoint's entries.

    Raises:
        ValueError: naming the first entries that are unknown, missing or misshapen, or hold
            anything but finite numbers.
    """
    split = _split(entries, _PUBLISHED_SHARED)
    return state_of(entries, name_map(split), published_shapes(split), "SGDepth")


def load_sgdepth(path: Path) -> SGDepth:
    """Return SGDepth with the weights of a converted checkpoint, for inference.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is no weights file, or holds another model.
    """
    state = load_model(path, ("sgdepth",))
    with Uninitialised():
        network = SGDepth(_split(state, _OUR_SHARED))
    fill(network, state, path)
    return network.eval()
