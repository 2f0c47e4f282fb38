"""What OmegaNet's self-supervised recipes share: where they begin, and what they leave as it is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from offline.training.omeganet_start import initialized_omeganet
from scene_perception.checkpoints.omeganet import load_omeganet
from scene_perception.models.omeganet import OmegaNet


def omeganet_from(weights: str, seed: int) -> OmegaNet:
    """Return the network with the weights of a file, or random ones.

    Args:
        weights: of a whole OmegaNet; empty for random ones.
        seed: of random ones.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: for a file that holds something else.
    """
    network = load_omeganet(Path(weights)) if weights else initialized_omeganet("he", seed)
    return network.train()


def freeze(*modules: nn.Module) -> None:
    """Take modules out of the training: no gradients, statistics as they are."""
    for module in modules:
        module.requires_grad_(False).eval()


def exact(values: Tensor) -> Tensor:
    """Return values in single precision, or double where they are: geometry takes no less."""
    return values.to(torch.promote_types(values.dtype, torch.float32))


def full_precision(images: Tensor) -> torch.autocast:
    """Return a context without mixed precision: poses in half precision move far points."""
    return torch.autocast(images.device.type, enabled=False)


def omeganet_state(network: OmegaNet) -> Mapping[str, Tensor]:
    """Return what a weights file of ``network`` holds."""
    state: Mapping[str, Tensor] = network.state_dict()
    return state
