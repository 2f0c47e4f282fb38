"""Weights to begin with, drawn from a seed alone."""

from __future__ import annotations

import torch
from torch import Tensor, nn

INITIALIZATIONS = ("he", "xavier", "matching")
# The last layers of flow and poses begin near 0, so that the first warps are about none.
_QUIET = 0.1


def initialize(network: nn.Module, how: str, seed: int, *, slope: float = 0.2) -> None:
    """Draw every convolution's weights, in place; biases become 0.

    Args:
        network: any.
        how: ``xavier``, uniform, as TensorFlow's layers do where the published code says nothing
            else; or ``he`` for (leaky) rectifiers (He et al., ICCV 2015): without batch norm the
            signal of the former fades over the layers. ``matching`` draws as ``he``.
        seed: of the weights; the global random state is neither read nor changed.
        slope: of the rectifiers for negative values.

    Raises:
        ValueError: for another ``how``.
    """
    if how not in INITIALIZATIONS:
        raise ValueError(f"initialization must be one of {', '.join(INITIALIZATIONS)}, got {how!r}")
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if not isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
            continue
        if how == "xavier":
            nn.init.xavier_uniform_(module.weight, generator=generator)
        else:
            nn.init.kaiming_normal_(module.weight, slope, generator=generator)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


@torch.no_grad()
def quiet(*layers: nn.Module) -> None:
    """Make predicting layers say little at first: a tenth of their weights."""
    for layer in layers:
        for parameter in layer.parameters():
            parameter.mul_(_QUIET)


def bias_of(layer: nn.Conv2d | nn.ConvTranspose2d) -> Tensor:
    """Return a layer's bias.

    Raises:
        ValueError: if it has none.
    """
    if layer.bias is None:
        raise ValueError(f"layer must have a bias, {layer} has none")
    return layer.bias


def set_momentum(network: nn.Module, norm: type[nn.Module], momentum: float) -> None:
    """Let the running statistics of every batch norm follow the batches faster or slower.

    OmegaNet's published momentum of 0.001 remembers some thousand batches: what a short training
    began with would still be in the statistics at its end.

    Args:
        network: any.
        norm: the class of its batch norms.
        momentum: share of a batch in the running statistics, 0..1.
    """
    for module in network.modules():
        if isinstance(module, norm):
            module.momentum = momentum  # type: ignore[assignment]
