"""The published OmegaNet's variables and where they live in our state dictionary.

The published code saves every variable of ``MultiViewNetwork`` (DSNet and CameraNet) and, in
complete checkpoints, of ``superflow`` (SD-OFNet); the published CS and CS+K checkpoints hold
no ``superflow``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from scene_perception.checkpoints.variables import network_variables, state_of, stored_shape
from scene_perception.checkpoints.weights import Uninitialised, fill, load_model
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
    used = {name: stored_shape(ours[key]) for name, key in name_map().items() if key}
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
    published = network_variables(variables, name_map(), "OmegaNet")
    expected = _expected_shapes(published)
    return state_of(published, name_map(), expected, "a whole OmegaNet or DSNet")


def _expected_shapes(names: Collection[str]) -> dict[str, tuple[int, ...]]:
    """Return what a checkpoint with ``names`` must hold: DSNet, and the networks it has begun."""
    flow = model_of(names) == "omeganet"
    camera = flow or any(name.startswith(_CAMERA) for name in names)
    return {
        name: shape
        for name, shape in published_shapes().items()
        if (flow or not name.startswith(f"{_FLOW}/")) and (camera or not name.startswith(_CAMERA))
    }


def load_omeganet(path: Path) -> OmegaNet:
    """Return OmegaNet with the weights of a converted complete checkpoint, for inference.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is no weights file, or holds another model.
    """
    state = load_model(path, ("omeganet",))
    with Uninitialised():
        network = OmegaNet()
    fill(network, state, path)
    return network.eval()


def load_dsnet(path: Path) -> DSNet:
    """Return DSNet with the weights of a converted checkpoint, complete or not, for inference.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is no weights file, or holds another model.
    """
    state = load_model(path, ("dsnet", "omeganet"))
    prefix = "dsnet."
    own = {name.removeprefix(prefix): t for name, t in state.items() if name.startswith(prefix)}
    with Uninitialised():
        network = DSNet()
    fill(network, own, path)
    return network.eval()
