"""A copy of a part as it is exported: for inference alone, with nothing left that can be folded."""

from __future__ import annotations

import copy

import torch
from torch import nn

from scene_perception.models.dwarf_heads import fuse_heads
from scene_perception.models.layers import fold_batch_norm
from scene_perception.models.residual_decoder import fuse_doubling


def fused(module: nn.Module) -> nn.Module:
    """Return a copy that computes the same with fewer operations, up to rounding.

    Batch norm goes into the convolution before it, DWARF's heads into one convolution, doubling
    behind the convolution that follows it. Weights are laid out as PyTorch's default is,
    whatever eager execution prefers: compilers choose their own layout, and an exported change
    of layout would be one operation more.
    """
    result = copy.deepcopy(module).eval()
    fold_batch_norm(result)
    fuse_heads(result)
    fuse_doubling(result)
    result.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    result.requires_grad_(requires_grad=False)
    return result
