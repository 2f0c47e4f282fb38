"""One rendered triplet as the named tensors that training reads."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from offline.synthetic.world import Triplets

_PREVIOUS, _CURRENT, _NEXT = range(3)

# What the names of ``training.batch`` are of a triplet; all are of the current left image.
_IMAGES: dict[str, tuple[str, int]] = {
    "previous": ("left", _PREVIOUS),
    "current": ("left", _CURRENT),
    "next": ("left", _NEXT),
    "right": ("right", _CURRENT),
    "next_right": ("right", _NEXT),
}
_KNOWN = {
    "next_disparity_known": "forward_known",
    "flow_forward_known": "forward_known",
    "flow_backward_known": "backward_known",
}
_SAME = (
    "depth",
    "disparity",
    "next_disparity",
    "flow_forward",
    "flow_backward",
    "occluded_next",
    "occluded_previous",
    "occluded_right",
    "labels",
    "instances",
    "moving",
)


def sample_of(triplets: Triplets, index: int) -> dict[str, Tensor]:
    """Return triplet ``index`` under the names of ``offline.training.batch``, without their B.

    Disparity is known everywhere: that of the sky is 0.

    Args:
        triplets: rendered.
        index: which of them, from 0.

    Raises:
        ValueError: for an index that there is not.
    """
    count = len(triplets.seeds)
    if not 0 <= index < count:
        raise ValueError(f"index of a triplet must be 0 ... {count - 1}, got {index}")
    found = {name: getattr(triplets, side)[index, time] for name, (side, time) in _IMAGES.items()}
    found |= {name: getattr(triplets, name)[index] for name in _SAME}
    found |= {name: getattr(triplets, source)[index] for name, source in _KNOWN.items()}
    found |= {name: make(triplets, index) for name, make in _MADE.items()}
    return found


def frame_of(triplets: Triplets, index: int) -> dict[str, Tensor]:
    """Return ``sample_of`` and what files want besides.

    That is ``previous_right``, an image, and ``world_from_camera``, float64 (4, 4).

    Raises:
        ValueError: for an index that there is not.
    """
    more = {
        "previous_right": triplets.right[index, _PREVIOUS],
        "world_from_camera": triplets.world_from_camera[index, _CURRENT],
    }
    return {**sample_of(triplets, index), **more}


def motion_between(world_from_camera: Tensor, start: int, end: int) -> Tensor:
    """Return ``end_from_start`` of points, metres, float64. # (T, 4, 4) -> (4, 4)."""
    motion: Tensor = torch.linalg.solve(world_from_camera[end], world_from_camera[start])
    return motion


def _motion(triplets: Triplets, index: int, end: int) -> Tensor:
    return motion_between(triplets.world_from_camera[index], _CURRENT, end).float()


_MADE: dict[str, Callable[[Triplets, int], Tensor]] = {
    "intrinsics": lambda triplets, index: triplets.intrinsics[index].float(),
    "baseline_m": lambda triplets, index: triplets.baseline_m[index].float(),
    "disparity_known": lambda triplets, index: torch.ones_like(triplets.depth_known[index]),
    "next_from_current": lambda triplets, index: _motion(triplets, index, _NEXT),
    "previous_from_current": lambda triplets, index: _motion(triplets, index, _PREVIOUS),
}
