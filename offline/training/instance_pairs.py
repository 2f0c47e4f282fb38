"""Instances that the current frame and a neighbour both show, from what a batch knows.

Insta-DM reads them from files of Mask R-CNN and flow (``datasets/sequence_folders.py``). Here they
come from numbered instances and flow: carried to the neighbour by exact flow, or, where the
neighbour's instances are known as well, associated as published.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch
from torch import Tensor

from offline.losses.flow_warp import reverse_flow, splat
from offline.losses.instances import paired_instances
from offline.training.batch import Batch

Side = Literal["previous", "next"]
_FLOWS = {"previous": "flow_backward", "next": "flow_forward"}
_SEEN = 0.5  # share of what falls on a pixel that must be an instance's
_FAR = 4  # image sizes: where flow sends what the neighbour does not show


class Pairs(NamedTuple):
    """Instances of both frames, channel by channel the same objects.

    Attributes:
        current: channel 0 = number of pairs, then masks, 0 or 1, float32. # (B, 1 + N, H, W)
        other: of the neighbour. # (B, 1 + N, H, W)
    """

    current: Tensor
    other: Tensor


def no_pairs(images: Tensor, maximum: int) -> Pairs:
    """Return no instances, of the batch and size of images. # (B, 3, H, W)."""
    batch, _, height, width = images.shape
    empty = images.new_zeros(batch, 1 + maximum, height, width)
    return Pairs(empty, empty)


@torch.no_grad()
def carried_pairs(batch: Batch, side: Side, maximum: int) -> Pairs:
    """Return the largest instances of the current frame and where flow carries them.

    A neighbour's mask is of what both frames show; instances without such a pixel are left out.

    Args:
        batch: with ``instances``, the flow to that side, where it is known, and what is occluded.
        side: the neighbour.
        maximum: of instances.

    Raises:
        ValueError: naming what the batch lacks.
    """
    flow = batch[_FLOWS[side]]
    seen = batch[f"{_FLOWS[side]}_known"] & ~batch[f"occluded_{side}"]
    away = float(_FAR * max(flow.shape[2:]))
    flow = flow.masked_fill(~seen, away)
    masks = instance_masks(batch["instances"], maximum)
    summed, weight = splat(masks, flow)
    other = (summed > _SEEN * weight).to(masks.dtype)
    both = (masks.flatten(2).any(2) & other.flatten(2).any(2))[:, :, None, None]
    return Pairs(_packed(masks * both), _packed(other * both))


@torch.no_grad()
def associated_pairs(batch: Batch, side: Side, maximum: int) -> Pairs:
    """Return instances of both frames that flow associates, as the published loader does.

    Its way back is the reversal of its way there; where that is not known nothing is compared.

    Args:
        batch: with ``instances``, ``previous_instances`` or ``next_instances``, numbered anyhow,
            and the flow to that side.
        side: the neighbour.
        maximum: of instances.

    Raises:
        ValueError: naming what the batch lacks.
    """
    there = batch[_FLOWS[side]]
    back, known = reverse_flow(there)
    back = back.masked_fill(~known, float(_FAR * max(there.shape[2:])))
    rows = zip(batch["instances"], batch[f"{side}_instances"], there, back, strict=True)
    pairs = [
        # The earlier frame is the first one: its largest instances are taken.
        paired_instances(_all_masks(own), _all_masks(other), forward, backward, maximum)
        if side == "next"
        else paired_instances(_all_masks(other), _all_masks(own), backward, forward, maximum)[::-1]
        for own, other, forward, backward in rows
    ]
    return Pairs(*(torch.stack(masks) for masks in zip(*pairs, strict=True)))


def instance_masks(numbers: Tensor, maximum: int) -> Tensor:
    """Return the masks of the largest instances, the largest first; those left over are empty.

    Args:
        numbers: of instances, 0 for none. # (B, H, W)
        maximum: of instances.

    Returns:
        0 or 1, float32. # (B, maximum, H, W)
    """
    masks = torch.zeros(len(numbers), maximum, *numbers.shape[1:], device=numbers.device)
    for sample, own in zip(masks, numbers, strict=True):
        found, areas = torch.unique(own[own > 0], return_counts=True)
        largest = found[areas.argsort(stable=True, descending=True)[:maximum]]
        sample[: len(largest)] = own == largest[:, None, None]
    return masks


def _all_masks(numbers: Tensor) -> Tensor:
    """Return an empty channel and every instance's mask. # (H, W) -> (1 + M, H, W)."""
    found = torch.unique(numbers[numbers > 0])
    masks = (numbers == found[:, None, None]).float()
    return torch.cat([torch.zeros_like(numbers, dtype=torch.float32)[None], masks])


def _packed(masks: Tensor) -> Tensor:
    """Move empty masks last and put the number of the others before. # (B, 1 + N, H, W)."""
    there = masks.flatten(2).any(2)
    order = there.int().argsort(stable=True, dim=1, descending=True)
    sorted_masks = masks.gather(1, order[:, :, None, None].expand_as(masks))
    count = there.sum(1)[:, None, None, None].expand(-1, 1, *masks.shape[2:])
    return torch.cat([count.to(masks.dtype), sorted_masks], 1)
