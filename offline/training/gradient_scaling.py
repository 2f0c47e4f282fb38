"""Gradients that count less further back: how SGDepth's tasks share an encoder.

Klingner et al., ECCV 2020, section 3.2; ``grad_scaling_layers.py`` of the published code.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor


def scale_gradient(values: Sequence[Tensor], scale: float) -> tuple[Tensor, ...]:
    """Return the same values, whose gradients are multiplied by ``scale`` on their way back.

    What comes after sees the full gradient, what comes before the scaled one.
    """
    return tuple(_scaled(value, scale) for value in values)


def _scaled(values: Tensor, scale: float) -> Tensor:
    same = values.view_as(values)
    if same.requires_grad:
        same.register_hook(lambda gradient: scale * gradient)  # type: ignore[no-untyped-call]
    return same
