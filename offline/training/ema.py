"""Averaged weights: an exponential moving average over the steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class Average:
    """The average of what a module trains and of its running statistics.

    The first steps count more than they would at a constant decay, so that the random weights
    of the beginning are soon forgotten.

    Args:
        module: that is averaged.
        decay: weight of the past, 0 for no average.
    """

    def __init__(self, module: nn.Module, decay: float) -> None:
        self._live = averaged_tensors(module)
        self._mean = {name: tensor.detach().clone() for name, tensor in self._live.items()}
        self._decay = decay

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take in the weights after ``step``, from 0."""
        decay = min(self._decay, (1 + step) / (10 + step)) if self._decay else 0.0
        torch._foreach_lerp_(list(self._mean.values()), list(self._live.values()), 1 - decay)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Let the module hold the averages while this is open."""
        before = {name: tensor.detach().clone() for name, tensor in self._live.items()}
        self._write(self._mean)
        try:
            yield
        finally:
            self._write(before)

    def state_dict(self) -> dict[str, Tensor]:
        """Return the averages by name."""
        return dict(self._mean)

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take averages that ``state_dict`` has given."""
        for name, mean in self._mean.items():
            mean.copy_(state[name])

    @torch.no_grad()
    def _write(self, values: Mapping[str, Tensor]) -> None:
        for name, tensor in self._live.items():
            tensor.copy_(values[name])


def averaged_tensors(module: nn.Module) -> dict[str, Tensor]:
    """Return what is averaged: trained parameters and buffers that are numbers with a fraction."""
    trained = {name: p for name, p in module.named_parameters() if p.requires_grad}
    buffers = {name: b for name, b in module.named_buffers() if b.is_floating_point()}
    return {**trained, **buffers}
