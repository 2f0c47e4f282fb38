"""Moving objects: where the optical flow is not what the camera's motion explains."""

from __future__ import annotations

import torch
from torch import Tensor

from scene_perception.cityscapes import DYNAMIC

_EPSILON = 1e-7
_SQUARED_FLOOR = 1e-12


def motion_probability(flow: Tensor, rigid: Tensor) -> Tensor:
    """Return how much ``flow`` differs from ``rigid``, in direction or in length.

    The larger one of ``(1 - cos) / 2`` and ``1 - shorter / longer``
    (``networks/complete_network.py``); a zero vector has cos 0, hence at least 0.5.

    Args:
        flow: optical flow, px. # (B, 2, H, W)
        rigid: flow that the camera's motion explains, px. # (B, 2, H, W)

    Returns:
        0 = equal, 1 = opposite or of unlike length. # (B, 1, H, W)

    Raises:
        ValueError: for shapes that differ.
    """
    if flow.shape != rigid.shape or flow.shape[1] != 2:
        raise ValueError(
            f"flows must be (B, 2, H, W) of one shape, got {tuple(flow.shape)} and "
            f"{tuple(rigid.shape)}"
        )
    squared, rigid_squared = _squared_length(flow), _squared_length(rigid)
    unit = flow * squared.clamp(min=_SQUARED_FLOOR).rsqrt()
    rigid_unit = rigid * rigid_squared.clamp(min=_SQUARED_FLOOR).rsqrt()
    direction = (1 - (unit * rigid_unit).sum(1, keepdim=True)) / 2
    length, rigid_length = squared.sqrt(), rigid_squared.sqrt()
    shorter, longer = torch.minimum(length, rigid_length), torch.maximum(length, rigid_length)
    return torch.maximum(direction, 1 - (_EPSILON + shorter) / (_EPSILON + longer))


def dynamic_prior(labels: Tensor) -> Tensor:
    """Return where ``labels`` (train ids) are of a class that can move, as bool."""
    return (labels >= DYNAMIC.start) & (labels < DYNAMIC.stop)


def motion_mask(probability: Tensor, labels: Tensor, threshold: float) -> Tensor:
    """Return 1 where a dynamic class moves with ``probability > threshold``, else 0, uint8.

    Args:
        probability: 0..1, of the shape of ``labels``.
        labels: train ids, uint8.
        threshold: the published tau is 0.5.
    """
    return (dynamic_prior(labels) & (probability > threshold)).to(torch.uint8)


def _squared_length(vectors: Tensor) -> Tensor:
    return vectors.square().sum(1, keepdim=True)
