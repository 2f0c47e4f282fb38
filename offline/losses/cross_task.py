"""OmegaNet's cross-task term: where the class changes, depth may well jump (Tosi et al., 2020).

The form is that of Zama Ramirez et al. ("Geometry meets semantics", ACCV 2018), which the paper
takes up: the sign of the semantic gradient times a falling exponential of the disparity's.
"""

from __future__ import annotations

import torch
from torch import Tensor

from offline.losses.smoothness import divide_by_mean
from scene_perception.frame import UNKNOWN_LABEL


def semantic_edge_loss(inverse_depth: Tensor, labels: Tensor, decay: float = 1.0) -> Tensor:
    """Return how smooth inverse depth is where labels change, a scalar in 0..2.

    The mean over all neighbours along x of ``[labels differ] exp(-decay |change|)``, plus the
    one along y; inverse depth is divided by its mean before. Neighbours of which one has no
    label have no edge.

    Args:
        inverse_depth: > 0, any unit. # (B, 1, H, W)
        labels: train ids, 255 unknown, any integer type. # (B, H, W)
        decay: how fast a jump becomes large enough, > 0.

    Raises:
        ValueError: for labels of another size.
    """
    if labels.shape != (len(inverse_depth), *inverse_depth.shape[2:]):
        raise ValueError(
            "labels must be (B, H, W) of the inverse depth, "
            f"got {tuple(labels.shape)} for {tuple(inverse_depth.shape)}"
        )
    relative = divide_by_mean(inverse_depth)
    terms = [
        ((-decay * relative.diff(dim=axis).abs()).exp() * _edges(labels[:, None], axis)).mean()
        for axis in (3, 2)
    ]
    return torch.stack(terms).sum()


def _edges(labels: Tensor, axis: int) -> Tensor:
    """Return where neighbours along ``axis`` have different known labels, bool."""
    count = labels.shape[axis] - 1
    one, other = labels.narrow(axis, 0, count), labels.narrow(axis, 1, count)
    return (one != other) & (one != UNKNOWN_LABEL) & (other != UNKNOWN_LABEL)
