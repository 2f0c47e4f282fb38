"""Instances of two frames, paired by optical flow (Insta-DM, ``datasets/sequence_folders.py``).

Instances of a frame are masks # (1 + N, H, W), 0 or 1, channel 0 empty; paired ones have the
number of pairs in channel 0, and channel k of both frames shows one object.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from offline.losses.flow_warp import flow_warp

_RELATIVE_ERROR = 0.05
_ERROR_PX = 3.0
_OFFSET = 1e-10
_MIN_IOU = 0.5


class Matches(NamedTuple):
    """The best partner of each instance.

    Attributes:
        iou: intersection over union with it, NaN where both are empty. # (N,)
        channel: of that partner. # (N,) int64
    """

    iou: Tensor
    channel: Tensor


class Pairing(NamedTuple):
    """Partners of the instances of two frames, and where flow told them.

    Attributes:
        first_to_second: for each instance of the first frame.
        second_to_first: for each of the second.
        seen_in_second: pixels of the first frame with consistent flow. # (H, W) bool
        seen_in_first: pixels of the second. # (H, W) bool
    """

    first_to_second: Matches
    second_to_first: Matches
    seen_in_second: Tensor
    seen_in_first: Tensor


def pair_by_flow(
    first: Tensor, second: Tensor, flow_forward: Tensor, flow_backward: Tensor
) -> Pairing:
    """Find for each instance the one that flow carries it onto.

    Args:
        first: masks of the first frame. # (N, H, W)
        second: masks of the second. # (M, H, W)
        flow_forward: px from first to second. # (2, H, W)
        flow_backward: px from second to first. # (2, H, W)

    Raises:
        ValueError: for shapes that do not match.
    """
    forward, backward = flow_forward[None], flow_backward[None]
    first_at_second = flow_warp(first[None].to(backward.dtype), backward)[0][0]
    second_at_first = flow_warp(second[None].to(forward.dtype), forward)[0][0]
    seen_in_second = consistent_flow(forward, backward)[0, 0]
    seen_in_first = consistent_flow(backward, forward)[0, 0]
    return Pairing(
        best_matches(first_at_second, second, seen_in_first),
        best_matches(second_at_first, first, seen_in_second),
        seen_in_second,
        seen_in_first,
    )


def consistent_flow(flow: Tensor, opposite: Tensor) -> Tensor:
    """Return where the way there and back ends near its start. # (B, 1, H, W) bool.

    That is within max(5 % of the flow's length, 3 px).

    Args:
        flow: px. # (B, 2, H, W)
        opposite: of the other frame. # (B, 2, H, W)

    Raises:
        ValueError: for shapes that do not match.
    """
    back, _ = flow_warp(opposite, flow)
    bound = (_RELATIVE_ERROR * _length(flow)).clamp(min=_ERROR_PX)
    return _length(back + flow) < bound


def _length(flow: Tensor) -> Tensor:
    length: Tensor = torch.linalg.vector_norm(flow.abs() + _OFFSET, dim=1, keepdim=True)
    return length


def best_matches(warped: Tensor, masks: Tensor, valid: Tensor) -> Matches:
    """Return for each warped instance the mask with the highest IoU among valid pixels.

    Channel 0 is no instance: its IoU is 0.

    Args:
        warped: instances warped to the masks' frame, 0..1. # (N, H, W)
        masks: 0 or 1. # (M, H, W)
        valid: pixels that count. # (H, W) bool
    """
    targets = masks.to(warped.dtype)[:, valid]
    table = torch.stack([_iou(row, targets) for row in warped[:, valid]])
    table[0] = 0
    return Matches(*table.max(1))


def _iou(row: Tensor, targets: Tensor) -> Tensor:
    overlap = (row * targets).clamp(0, 1).sum(1)
    union: Tensor = (row + targets).clamp(0, 1).sum(1)
    return overlap / union


def sort_by_area(masks: Tensor) -> Tensor:
    """Return channel 0, then the instances from large to small, without the smallest channel.

    With channel 0 empty, as it should be, the one left out is channel 0 itself.
    """
    largest_first = masks.sum((1, 2)).argsort(descending=True)[:-1]
    return torch.cat([masks[:1], masks[largest_first]])


def paired_instances(
    first: Tensor,
    second: Tensor,
    flow_forward: Tensor,
    flow_backward: Tensor,
    maximum: int,
) -> tuple[Tensor, Tensor]:
    """Return up to ``maximum`` instances that both frames show, the largest of the first first.

    A pair counts if each is the other's best match with IoU above 0.5. Pixels of an earlier
    pair are taken off later ones.

    Args:
        first: masks of the first frame, channel 0 empty. # (1 + N, H, W)
        second: masks of the second. # (1 + M, H, W)
        flow_forward: px from first to second. # (2, H, W)
        flow_backward: px from second to first. # (2, H, W)
        maximum: number of instances to return.

    Returns:
        Number of pairs and their masks, of both frames. # 2 x (1 + maximum, H, W)

    Raises:
        ValueError: for shapes that do not match.
    """
    first, second = sort_by_area(first), sort_by_area(second)
    pairing = pair_by_flow(first, second, flow_forward, flow_backward)
    free_first, free_second = torch.ones_like(first[0]), torch.ones_like(second[0])
    kept: list[tuple[Tensor, Tensor]] = []
    for channel, partner in _mutual_matches(pairing):
        pair = first[channel] * free_first, second[partner] * free_second
        if len(kept) < maximum and pair[0].any() and pair[1].any():
            kept.append(pair)
            free_first, free_second = free_first - pair[0], free_second - pair[1]
    return _counted([a for a, _ in kept], first, maximum), _counted(
        [b for _, b in kept], second, maximum
    )


def _mutual_matches(pairing: Pairing) -> list[tuple[int, int]]:
    to, back = pairing.first_to_second, pairing.second_to_first
    channels = torch.arange(len(to.channel), device=to.channel.device)
    mutual = back.channel[to.channel] == channels
    mutual &= (to.iou > _MIN_IOU) & (back.iou[to.channel] > _MIN_IOU)
    return [(int(channel), int(to.channel[channel])) for channel in channels[mutual]]


def _counted(masks: list[Tensor], like: Tensor, maximum: int) -> Tensor:
    counted = like.new_zeros(maximum + 1, *like.shape[1:])
    counted[0] = len(masks)
    for channel, mask in enumerate(masks, start=1):
        counted[channel] = mask
    return counted


def drop_vanished(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """Drop pairs of which a crop left one frame nothing; the others move up.

    Args:
        first: number of pairs and their masks. # (1 + N, H, W)
        second: of the other frame. # (1 + N, H, W)

    Returns:
        The same of what is left, padded with empty masks. # 2 x (1 + N, H, W)

    Raises:
        ValueError: for shapes that differ.
    """
    if first.shape != second.shape:
        raise ValueError(
            f"paired instances must have one shape, got {tuple(first.shape)} and "
            f"{tuple(second.shape)}"
        )
    left = [k for k in range(1, len(first)) if first[k].any() and second[k].any()]
    maximum = len(first) - 1
    return (
        _counted([first[k] for k in left], first, maximum),
        _counted([second[k] for k in left], second, maximum),
    )


def background(instances: Tensor) -> Tensor:
    """Return 1 where no instance is, else 0. # (B, 1 + N, H, W) -> (B, 1, H, W) bool."""
    return ~instances[:, 1:].any(1, keepdim=True)
