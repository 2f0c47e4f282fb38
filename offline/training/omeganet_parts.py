"""What OmegaNet's self-supervised recipes share: where they begin, and what they leave as it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from offline.training.initialization import set_momentum
from offline.training.omeganet_start import initialized_omeganet
from scene_perception.checkpoints.omeganet import load_omeganet
from scene_perception.models.layers import BatchNorm
from scene_perception.models.omeganet import OmegaNet


def omeganet_from(weights: str, seed: int, norm_momentum: float = BatchNorm.momentum) -> OmegaNet:
    """Return the network with the weights of a file, or random ones.

    Args:
        weights: of a whole OmegaNet; empty for random ones.
        seed: of random ones.
        norm_momentum: of batch norm's running statistics, in 0..1.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: for a file that holds something else, or another momentum.
    """
    if not 0 < norm_momentum <= 1:
        raise ValueError(f"norm_momentum must be in 0..1, got {norm_momentum}")
    network = load_omeganet(Path(weights)) if weights else initialized_omeganet("he", seed)
    set_momentum(network, BatchNorm, norm_momentum)
    return network.train()


def freeze(*modules: nn.Module) -> None:
    """Take modules out of the training: no gradients, statistics as they are."""
    for module in modules:
        module.requires_grad_(False).eval()


@contextmanager
def evaluated(network: nn.Module) -> Iterator[None]:
    """Run a network as for inference, whatever mode its parts are in."""
    modes = {module: module.training for module in network.modules()}
    network.eval()
    try:
        yield
    finally:
        for module, training in modes.items():
            module.training = training


def full_precision(images: Tensor) -> torch.autocast:
    """Return a context without mixed precision: poses in half precision move far points."""
    return torch.autocast(images.device.type, enabled=False)


def omeganet_state(network: OmegaNet) -> Mapping[str, Tensor]:
    """Return what a weights file of ``network`` holds."""
    state: Mapping[str, Tensor] = network.state_dict()
    return state


def require_weights(settings: Any) -> None:  # noqa: ANN401 (any recipe's settings)
    """Refuse settings called ``..._weight`` that are negative or not finite.

    Raises:
        ValueError: naming the setting.
    """
    for name in (field.name for field in fields(settings) if field.name.endswith("_weight")):
        value = getattr(settings, name)
        if not 0 <= value < float("inf"):
            raise ValueError(f"{name} must be finite and at least 0, got {value}")
