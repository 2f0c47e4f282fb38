"""Batch norm whose batch is that of all processes, on CPU and GPU alike.

PyTorch has one for GPUs and for its own batch norm only; ours without a scale is a class of its
own. Here statistics are summed over the processes by an all-reduce with a gradient, so that two
processes with half the batch each compute what one does with all of it.
"""

from __future__ import annotations

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx, once_differentiable

from scene_perception.models.layers import BatchNorm

_KINDS = (BatchNorm, nn.BatchNorm2d)


def with_synced_batch_norm(module: nn.Module) -> nn.Module:
    """Replace every batch norm inside ``module``, in place, and return it.

    Parameters, buffers and their names stay those of the originals.
    """
    for name, child in module.named_children():
        if isinstance(child, _KINDS):
            setattr(module, name, SyncedBatchNorm(child))
        else:
            with_synced_batch_norm(child)
    return module


class SyncedBatchNorm(nn.Module):
    """Takes the place of a batch norm and shares its parameters and buffers.

    Args:
        norm: with running statistics and a fixed momentum, as all of ours.

    Raises:
        ValueError: for one without.
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, norm: BatchNorm | nn.BatchNorm2d) -> None:
        super().__init__()
        if norm.running_mean is None or norm.momentum is None:
            raise ValueError(
                f"batch norm must have running statistics and a momentum to be synced, got {norm}"
            )
        self.eps = norm.eps
        self.momentum = norm.momentum
        for name, parameter in norm.named_parameters():
            self.register_parameter(name, parameter)
        for name, buffer in norm.named_buffers():
            self.register_buffer(name, buffer)
        self.train(norm.training)

    def forward(self, features: Tensor) -> Tensor:
        """Normalise ``(B, C, H, W)`` by all processes' statistics; in evaluation by the running."""
        if not self.training:
            return self._normalised(features, self.running_mean, self.running_var)
        exact = _exact(features)
        count = exact.new_full((1,), features.numel() / features.shape[1])
        total = _summed(torch.cat([exact.sum((0, 2, 3)), count]))
        mean, number = total[:-1] / total[-1], total[-1].detach()
        # From the mean of all, not from a sum of squares, whose difference cancels.
        deviation = exact - mean.view(1, -1, 1, 1)
        variance = _summed(deviation.square().sum((0, 2, 3))) / number
        self._remember(mean.detach(), variance.detach(), number)
        return self._normalised(features, mean, variance)

    def _normalised(self, features: Tensor, mean: Tensor, variance: Tensor) -> Tensor:
        scale = (variance + self.eps).rsqrt()
        weight, bias = self._parameters.get("weight"), self._parameters.get("bias")
        scale = scale if weight is None else scale * weight
        offset = -mean * scale if bias is None else bias - mean * scale
        normalised = _exact(features) * scale.view(1, -1, 1, 1) + offset.view(1, -1, 1, 1)
        return normalised.to(features.dtype)

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor, number: Tensor) -> None:
        """Move the running statistics as PyTorch's batch norm does."""
        unbiased = variance * (number / (number - 1).clamp(min=1))
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(unbiased, self.momentum)
        tracked = self._buffers.get("num_batches_tracked")
        if tracked is not None:
            tracked.add_(1)


def _exact(features: Tensor) -> Tensor:
    """Return features in single precision, or double where they are."""
    return features.to(torch.promote_types(features.dtype, torch.float32))


def _summed(values: Tensor) -> Tensor:
    total: Tensor = _Sum.apply(values)  # type: ignore[no-untyped-call]
    return total


class _Sum(torch.autograd.Function):
    """The sum over all processes; its gradient is the sum of theirs."""

    @staticmethod
    def forward(ctx: FunctionCtx, values: Tensor) -> Tensor:
        total = values.clone()
        if dist.is_available() and dist.is_initialized():
            dist.all_reduce(total)
        return total

    @staticmethod
    @once_differentiable
    def backward(ctx: FunctionCtx, gradient: Tensor) -> Tensor:
        total = gradient.contiguous().clone()
        if dist.is_available() and dist.is_initialized():
            dist.all_reduce(total)
        return total
