"""Insta-DM's motion of objects: what the object network sees of each instance (section 3.1)."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from offline.losses.forward_warp import EgoWarp
from offline.losses.reductions import over_processes

ObjectNet = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]


def object_translations(
    network: ObjectNet, image: Tensor, instances: Tensor, other: EgoWarp
) -> Tensor:
    """Return the translation of each instance from ``image`` to the other frame. # (B, N, 3).

    Args:
        network: (image, other image, mask, other mask), one row per instance that there is
            -> (rows, 3). Not called without instances; without rows where only other processes have
            some, since all must compute the statistics of the batch together.
        image: as the network takes it. # (B, 3, H, W)
        instances: channel 0 = their number, then masks, 0 or 1. # (B, 1 + N, H, W)
        other: the other frame without the camera's motion (``remove_ego_motion``).

    Raises:
        ValueError: if the other frame's instances have another shape.
    """
    if other.instances.shape != instances.shape:
        raise ValueError(
            f"instances of both frames must have one shape, got {tuple(instances.shape)} and "
            f"{tuple(other.instances.shape)}"
        )
    masks = instances[:, 1:].to(image.dtype)
    batch, row = masks.flatten(2).any(2).nonzero(as_tuple=True)
    translations = image.new_zeros(*masks.shape[:2], 3)
    if not over_processes(translations.new_tensor(float(len(batch))))[0]:
        return translations
    other_masks = other.instances[:, 1:]
    rows = network(
        image[batch],
        other.image[batch],
        masks[batch, row].unsqueeze(1),
        other_masks[batch, row].unsqueeze(1),
    )
    return torch.index_put(translations, (batch, row), rows)
