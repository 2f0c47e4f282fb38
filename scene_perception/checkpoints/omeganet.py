"""The published OmegaNet's variables and where they live in our state dictionary.

The published code saves every variable of ``MultiViewNetwork`` (DSNet and CameraNet) and, in
complete checkpoints, of ``superflow`` (SD-OFNet); the published CS and CS+K checkpoints hold
no ``superflow``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from scene_perception.checkpoints.tensorflow import to_torch
from scene_perception.checkpoints.weights import fill, first_difference, load_weights
from scene_perception.models.dsnet import DSNet
from scene_perception.models.omeganet import OmegaNet

_BASELINE = "MultiViewNetwork"
_FLOW = "superflow"
_LEAVES = {
    "weights": "weight",
    "biases": "bias",
    "BatchNorm/beta": "norm.bias",
    "BatchNorm/moving_mean": "norm.running_mean",
    "BatchNorm/moving_variance": "norm.running_var",
}
_CAMERA = (f"{_BASELINE}/feature_extractor_pose/", f"{_BASELINE}/pose_net/")
# Kernels, as stored, of the fifth level of CameraNet's encoder, which nothing reads.
_UNUSED_KERNELS = {"conv5a": (3, 3, 128, 256), "conv5b": (3, 3, 256, 256)}
# What an optimiser leaves beside a variable, and the counters of training.
_TRAINING = re.compile(r"(.*/)?(Adam(_1)?|Momentum|beta[12]_power|global_step)")


@cache
def name_map() -> dict[str, str | None]:
    """Return published name -> our name; None is known and unused."""
    ours = _our_shapes()
    names: dict[str, str | None] = {}
    for scope, module in _layers():
        for leaf, suffix in _LEAVES.items():
            candidates = [f"{module}.{suffix}", f"{module}.conv.{suffix}"]
            key = next((name for name in candidates if name in ours), None)
            if key is not None:
                names[f"{scope}/{leaf}"] = key
    return names | dict.fromkeys(_unused_shapes())


@cache
def published_shapes() -> dict[str, tuple[int, ...]]:
    """Return published name -> shape as stored (kernels HWIO) of every known variable."""
    ours = _our_shapes()
    used = {name: _stored(ours[key]) for name, key in name_map().items() if key}
    return used | _unused_shapes()


def _layers() -> Iterator[tuple[str, str]]:
    """Yield (published scope, our module) of every convolution that we have."""
    yield from _encoder("feature_extractor", "dsnet.encoder", 5)
    for level in range(5, 0, -1):
        yield from _dsnet_level(f"{_BASELINE}/monocular_depthnet/L{level}", level)
    head = f"{_BASELINE}/monocular_depthnet/L1/semantic/semantic_estimator"
    yield from _head(head, "dsnet.semantic")
    yield from _encoder("feature_extractor_pose", "camera_net.encoder.pyramid", 4)
    for n, name in enumerate(("conv1_a", "conv1_b", "conv2_a", "conv2_b")):
        yield f"{_BASELINE}/pose_net/{name}/Conv", f"camera_net.decoder.trunk.{n}"
    yield f"{_BASELINE}/pose_net/pred/Conv", "camera_net.decoder.pose"
    yield f"{_BASELINE}/pose_net/intrinsics/foci", "camera_net.decoder.focal_lengths"
    yield f"{_BASELINE}/pose_net/intrinsics/offsets", "camera_net.decoder.offsets"
    yield from _flow_layers()


def _encoder(scope: str, module: str, levels: int) -> Iterator[tuple[str, str]]:
    for level in range(1, levels + 1):
        for n, letter in enumerate("ab"):
            name = f"{_BASELINE}/{scope}/img_pyramid/conv{level}{letter}/Conv"
            yield name, f"{module}.levels.{level - 1}.{n}"


def _dsnet_level(scope: str, level: int) -> Iterator[tuple[str, str]]:
    module = f"dsnet.levels.level_{level}"
    for n in range(4):
        name = f"{scope}/estimator/build_estimator/disp-{n + 3}/Conv"
        yield name, f"{module}.estimator.{n}"
    yield from _head(f"{scope}/disparity/disparity_estimator", f"{module}.disparity")
    if level > 1:
        upsampler = "upsampler/bilinear_upsampling_by_convolution/Conv"
        yield f"{scope}/{upsampler}", f"{module}.upsampler"


def _head(scope: str, module: str) -> Iterator[tuple[str, str]]:
    for n, name in enumerate(("conv1", "conv2", "conv3", "disparity")):
        yield f"{scope}/{name}/Conv", f"{module}.{n}"


def _flow_layers() -> Iterator[tuple[str, str]]:
    for level in range(1, 7):
        for n in (1, 2):
            name = f"{_FLOW}/feature_extractor/conv{level}_{n}"
            yield name, f"sd_ofnet.encoder.levels.{level - 1}.{n - 1}"
    for level in range(6, 1, -1):
        scope, module = f"{_FLOW}/estimator_level_{level}", f"estimators.level_{level}"
        for n in range(1, 6):
            yield f"{scope}/conv{n}", f"sd_ofnet.decoder.{module}.hidden.{n - 1}"
        yield f"{scope}/conv6", f"sd_ofnet.decoder.{module}.flow"
    for n in range(1, 8):
        name = f"{_FLOW}/context_network/dilated_conv{n}"
        yield name, f"sd_ofnet.decoder.context.{n - 1}"


def _unused_shapes() -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}
    for name, kernel in _UNUSED_KERNELS.items():
        scope = f"{_CAMERA[0]}img_pyramid/{name}/Conv"
        for leaf in _LEAVES:
            if leaf != "biases":
                shapes[f"{scope}/{leaf}"] = kernel if leaf == "weights" else kernel[-1:]
    return shapes


@cache
def _our_shapes() -> dict[str, tuple[int, ...]]:
    with torch.device("meta"):
        state = OmegaNet().state_dict()
    return {name: tuple(tensor.shape) for name, tensor in state.items()}


def _stored(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape that TensorFlow stores for a tensor of ours (OIHW to HWIO)."""
    return (*shape[2:], shape[1], shape[0]) if len(shape) == 4 else shape


def model_of(names: Iterable[str]) -> str:
    """Return ``omeganet`` for a complete checkpoint, ``dsnet`` for one without flow network."""
    complete = any(name.startswith(f"{_FLOW}/") for name in names)
    return "omeganet" if complete else "dsnet"


def convert(variables: Mapping[str, NDArray[Any]]) -> dict[str, Tensor]:
    """Return our state dictionary for a published checkpoint's variables.

    Without any ``superflow`` variable the result is that of DSNet, and of CameraNet too where
    the checkpoint has it. An optimiser's slots of known variables are passed over.

    Args:
        variables: published name -> float array as stored (kernels HWIO).

    Raises:
        ValueError: naming the first variables that are unknown, missing or misshapen, or hold
            anything but finite numbers.
    """
    names = name_map()
    published = {name: array for name, array in variables.items() if not _is_training(name)}
    for name, array in published.items():
        if name not in names:
            raise ValueError(f"variable {name} {np.shape(array)} is not one of OmegaNet's")
    found = {name: np.shape(array) for name, array in published.items()}
    problem = first_difference(_expected_shapes(published), found)
    if problem:
        raise ValueError(f"variables must be those of a whole OmegaNet or DSNet: {problem}")
    for name, array in published.items():
        _require_finite(name, array)
    return {key: to_torch(array) for name, array in published.items() if (key := names[name])}


def _is_training(name: str) -> bool:
    match = _TRAINING.fullmatch(name)
    variable = (match[1] or "").removesuffix("/") if match else ""
    return bool(match) and (not variable or variable in name_map())


def _expected_shapes(names: Collection[str]) -> dict[str, tuple[int, ...]]:
    """Return what a checkpoint with ``names`` must hold: DSNet, and the networks it has begun."""
    flow = model_of(names) == "omeganet"
    camera = flow or any(name.startswith(_CAMERA) for name in names)
    return {
        name: shape
        for name, shape in published_shapes().items()
        if (flow or not name.startswith(f"{_FLOW}/")) and (camera or not name.startswith(_CAMERA))
    }


def _require_finite(name: str, array: NDArray[Any]) -> None:
    if array.dtype.kind != "f":
        raise ValueError(f"variable {name} must hold floats, got {array.dtype}")
    wrong = int(np.count_nonzero(~np.isfinite(array)))
    if wrong:
        raise ValueError(f"variable {name} must be finite, {wrong} of its elements are not")


def load_omeganet(path: Path) -> OmegaNet:
    """Return OmegaNet with the weights of a converted complete checkpoint, for inference.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is no weights file, or holds another model.
    """
    state = _state_of(path, ("omeganet",))
    network = OmegaNet()
    fill(network, state, path)
    return network.eval()


def load_dsnet(path: Path) -> DSNet:
    """Return DSNet with the weights of a converted checkpoint, complete or not, for inference.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is no weights file, or holds another model.
    """
    state = _state_of(path, ("dsnet", "omeganet"))
    prefix = "dsnet."
    own = {name.removeprefix(prefix): t for name, t in state.items() if name.startswith(prefix)}
    network = DSNet()
    fill(network, own, path)
    return network.eval()


def _state_of(path: Path, models: tuple[str, ...]) -> dict[str, Tensor]:
    state, metadata = load_weights(path)
    if metadata["model"] not in models:
        raise ValueError(
            f"weights {path} must be of {' or '.join(models)}, they are of {metadata['model']}"
        )
    return state
