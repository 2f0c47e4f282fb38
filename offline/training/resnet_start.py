"""Weights that the published networks with a ResNet begin with.

Layers draw their weights as PyTorch does where the published code says nothing else; encoders
may take those trained on ImageNet, which we cannot bundle.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor, nn

from scene_perception.checkpoints.pytorch import read_state_dict
from scene_perception.models.resnet import ResNetEncoder

Network = TypeVar("Network", bound=nn.Module)
_CLASSIFIER = "fc."


def drawn(make: Callable[[], Network], seed: int) -> Network:
    """Return what ``make`` builds, with weights from ``seed`` alone.

    The global random state is left as it was.
    """
    with torch.random.fork_rng(devices=()):
        torch.default_generator.manual_seed(seed)
        return make()


def fill_encoders(network: nn.Module, path: Path) -> None:
    """Fill every ResNet-18 inside ``network`` from a file with torchvision's names, in place.

    An encoder of several images at once sees each through the same first layer, divided by their
    number (Monodepth2).

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: naming the file, if it holds anything but a ResNet-18.
    """
    entries = read_state_dict(path)
    given = {name: t for name, t in entries.items() if not name.startswith(_CLASSIFIER)}
    for module in network.modules():
        if isinstance(module, ResNetEncoder):
            _fill(module, given, path)


def _fill(encoder: ResNetEncoder, given: Mapping[str, Tensor], path: Path) -> None:
    images = encoder.conv1.in_channels // 3
    first = given.get("conv1.weight")
    state = dict(given)
    if first is not None and images > 1:
        state["conv1.weight"] = first.repeat(1, images, 1, 1) / images
    try:
        encoder.load_state_dict(state)
    except RuntimeError as error:
        told = " ".join(str(error).split())
        raise ValueError(f"encoder weights {path} must be those of a ResNet-18: {told}") from error
