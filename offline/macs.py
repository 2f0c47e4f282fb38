"""Counts the convolution multiply-accumulates of a network's forward pass."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode


def count_conv_macs(module: Callable[..., object], *inputs: Tensor, **named_inputs: Tensor) -> int:
    """Run a network or any function once and return its convolutions' multiply-accumulates.

    One output sample costs ``kernel height * kernel width * input channels / groups``.
    Everything else (bias, normalisation, resizing, cost volumes) is left out, as in the
    figures usually quoted. Counts operators rather than ``nn.Conv2d`` layers, so that a
    convolution with part of a layer's weights counts as what it is.
    """
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        module(*inputs, **named_inputs)
    flops = counter.get_flop_counts().get("Global", {})
    return int(sum(n for operator, n in flops.items() if "convolution" in str(operator))) // 2
