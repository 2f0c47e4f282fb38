"""A copy of a part as it is exported: for inference alone, with nothing left that can be folded."""

from __future__ import annotations

import copy

import torch
from torch import nn

from scene_perception.models.dwarf_heads import fuse_heads
from scene_perception.models.layers import fold_batch_norm


def fused(module: nn.Module) -> nn.Module:
    """Return a copy that computes the same with fewer operations, up to rounding.

    Batch norm goes into the convolution before it, DWARF's heads into one convolution. Weights
    are laid out as PyTorch's default is, whatever eager execution prefers: compilers choose
    their own layout, and an exported change of layout would be one operation more.
    """
    result = copy.deepcopy(module).eval().requires_grad_(requires_grad=False)
    fold_batch_norm(result)
    fuse_heads(result)
    result.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    return result
