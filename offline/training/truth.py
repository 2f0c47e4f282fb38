"""Truth of a batch, whole or not: what a batch lacks is given as not known."""

from __future__ import annotations

import torch
from torch import Tensor

from offline.training.batch import Batch
from scene_perception.frame import UNKNOWN_LABEL


def image(batch: Batch, name: str) -> Tensor:
    """Return an image, ``current`` where the batch lacks it. # (B, 3, H, W)."""
    return batch[name] if name in batch else batch["current"]


def depth(batch: Batch) -> Tensor:
    """Return metres, 0 where not known, and in samples that show no scene. # (B, 1, H, W)."""
    return batch["depth"].float() * scenes(batch)[:, None, None, None]


def scenes(batch: Batch) -> Tensor:
    """Return which samples show a scene, bool. # (B,).

    Flying things do not: their labels are all void. Nothing in one image of them tells depth or
    the camera; flow and disparity are learned from them all the same.
    """
    if "labels" in batch:
        return (batch["labels"] != UNKNOWN_LABEL).flatten(1).any(1)
    return torch.ones(batch["current"].shape[0], dtype=torch.bool, device=batch["current"].device)


def labels(batch: Batch) -> Tensor:
    """Return train ids, 255 where not known, uint8. # (B, H, W)."""
    if "labels" in batch:
        return batch["labels"]
    return torch.full_like(batch["current"][:, 0], UNKNOWN_LABEL, dtype=torch.uint8)


def displacement(batch: Batch, name: str) -> tuple[Tensor, Tensor]:
    """Return ``disparity``, ``next_disparity``, ``flow_forward`` or ``flow_backward``, px.

    Returns:
        Truth, 0 where not known, and where it is, bool. # (B, C, H, W), (B, 1, H, W)
    """
    if name not in batch:
        channels = 2 if name.startswith("flow") else 1
        nothing = torch.zeros_like(batch["current"][:, :channels], dtype=torch.float32)
        return nothing, torch.zeros_like(nothing[:, :1], dtype=torch.bool)
    known = batch[f"{name}_known"].bool()
    return batch[name].float().masked_fill(~known, 0), known


def matrix(batch: Batch, name: str) -> Tensor:
    """Return a pose (B, 4, 4) or K (B, 3, 3), NaN for samples whose own is not to be learned."""
    if name in batch:
        return batch[name].float().masked_fill(~scenes(batch)[:, None, None], torch.nan)
    size, count = (3 if name == "intrinsics" else 4), batch["current"].shape[0]
    return torch.full((count, size, size), torch.nan, device=batch["current"].device)
