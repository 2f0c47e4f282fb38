"""The published Insta-DM's entries and where they live in our state dictionary.

Each of the three networks has a file of its own, whose ``state_dict`` is beside the epoch. Names
repeat between the files. Depth alone is a checkpoint too; the other two need it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import torch
from torch import Tensor

from scene_perception.checkpoints.pytorch import names_of, refuse_tensorflow, state_of
from scene_perception.checkpoints.weights import Uninitialised, fill, load_model
from scene_perception.models.insta_dm import InstaDM
from scene_perception.models.residual_decoder import LEVEL_CHANNELS, SCALES

# Published network -> ours.
NETWORKS = {"dispnet": "disp_net", "ego_pose": "ego_pose_net", "obj_pose": "object_pose_net"}
# Words in the names of the files that training writes, and of the released ones.
_WORDS = {
    "dispnet": ("dispnet", "disp"),
    "ego_pose": ("ego_pose", "ego"),
    "obj_pose": ("obj_pose", "obj"),
}
_SUFFIXES = (".tar", ".pth", ".pt")
# The encoder's classifier, which nothing reads.
_UNUSED = {"encoder.encoder.fc.weight": (1000, 512), "encoder.encoder.fc.bias": (1000,)}
_HEIGHT_PRIOR = "obj_height_prior"
_POSE_LAYERS = {
    "encoder.encoder": "encoder",
    "decoder.conv_squeeze": "squeeze",
    "decoder.convs_pose.0": "conv1",
    "decoder.convs_pose.1": "conv2",
    "decoder.convs_pose.2": "prediction",
}


@cache
def name_map(network: str) -> dict[str, str | None]:
    """Return published name -> our name of ``dispnet``, ``ego_pose`` or ``obj_pose``.

    None is known and unused.
    """
    module = NETWORKS[network]
    layers = _depth_layers() if network == "dispnet" else _pose_layers(module)
    names: dict[str, str | None] = {**names_of(layers, _our_shapes()), **dict.fromkeys(_UNUSED)}
    if network == "dispnet":
        names[_HEIGHT_PRIOR] = f"{module}.object_height_prior"
    return names


@cache
def published_shapes(network: str) -> dict[str, tuple[int, ...]]:
    """Return published name -> shape of every entry of one network."""
    names = name_map(network)
    return {name: _our_shapes()[key] for name, key in names.items() if key} | _UNUSED


def _depth_layers() -> Iterator[tuple[str, str]]:
    """Yield (published name, our name) of modules of the depth network."""
    yield "encoder.encoder", "disp_net.encoder"
    for level in range(len(LEVEL_CHANNELS)):
        for n in range(2):
            step = f"disp_net.decoder.steps.step_{2 * level + n}"
            yield f"decoder.upconvs{n}.{level}.conv.conv", f"{step}.conv.conv"
    for n in range(SCALES):
        yield f"decoder.dispconvs.{n}.conv", f"disp_net.predictions.{n}.conv"


def _pose_layers(module: str) -> Iterator[tuple[str, str]]:
    for published, ours in _POSE_LAYERS.items():
        yield published, f"{module}.net.{ours}"


@cache
def _our_shapes() -> dict[str, tuple[int, ...]]:
    with torch.device("meta"):
        state = InstaDM().state_dict()
    return {name: tuple(tensor.shape) for name, tensor in state.items()}


def checkpoint_files(path: Path) -> dict[str, Path]:
    """Return the files of a checkpoint's networks, ``dispnet`` first.

    Args:
        path: a folder that holds one file of each network, or the file of ``dispnet``, beside
            which the others have the same name but for that word.

    Raises:
        FileNotFoundError: for a folder without ``dispnet``.
        ValueError: for a folder with several files of a network, or one of TensorFlow.
    """
    refuse_tensorflow(path)
    if not path.is_dir():
        return {"dispnet": path} | _siblings(path)
    files = [file for file in sorted(path.iterdir()) if file.suffix in _SUFFIXES]
    found: dict[str, Path] = {}
    for network, (_, word) in _WORDS.items():
        own = [file for file in files if word in file.name]
        if len(own) > 1:
            names = ", ".join(file.name for file in own)
            raise ValueError(
                f"{path} must hold one file of {network}, got {names}; name the one of dispnet, "
                "the others are found by it"
            )
        if own:
            found[network] = own[0]
    if "dispnet" not in found:
        raise FileNotFoundError(f"{path} holds no dispnet*.pth.tar or *_disp_*.tar of Insta-DM")
    return found


def _siblings(path: Path) -> dict[str, Path]:
    """Return the files of the pose networks that stand beside the one of ``dispnet``."""
    found: dict[str, Path] = {}
    for network in ("ego_pose", "obj_pose"):
        for own, other in zip(_WORDS["dispnet"], _WORDS[network], strict=True):
            file = path.with_name(path.name.replace(own, other, 1))
            if file != path and file.is_file():
                found.setdefault(network, file)
    return found


def convert(networks: Mapping[str, Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """Return our state dictionary for the entries of one, two or three published networks.

    Args:
        networks: ``dispnet`` and maybe ``ego_pose`` and ``obj_pose`` -> published name -> tensor.

    Raises:
        ValueError: if ``dispnet`` is missing, or naming the first entries that are unknown,
            missing or misshapen, or hold anything but finite numbers.
    """
    if "dispnet" not in networks or not networks.keys() <= NETWORKS.keys():
        raise ValueError(
            f"networks must be dispnet and any of ego_pose and obj_pose, got {sorted(networks)}"
        )
    state: dict[str, Tensor] = {}
    for network, entries in networks.items():
        shapes = published_shapes(network)
        state |= state_of(entries, name_map(network), shapes, f"Insta-DM's {network}")
    return state


def load_insta_dm(path: Path) -> InstaDM:
    """Return Insta-DM with the weights of a converted checkpoint, for inference.

    Networks of ego-motion and of objects' motion that the file does not hold are None.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is no weights file, or holds another model.
    """
    state = load_model(path, ("insta_dm",))
    found = {name.partition(".")[0] for name in state}
    with Uninitialised():
        network = InstaDM(ego_pose="ego_pose_net" in found, object_pose="object_pose_net" in found)
    fill(network, state, path)
    return network.eval()
