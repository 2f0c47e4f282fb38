"""Which of a network's answers agree with its answers to the same question put differently."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from offline.losses.occlusion import ends, ends_inside, occluded
from offline.losses.view_synthesis import sample

Float = NDArray[np.float32]
Mask = NDArray[np.bool_]
# As of flow (``losses.occlusion``): a share of both, and an offset, of squared pixels.
_RELATIVE, _ABSOLUTE = 0.01, 0.5


def flow_agrees(flow: Float, reverse: Float) -> Mask:
    """Return where the reverse flow leads back. # 2 x (H, W, 2) px -> (H, W)."""
    agrees: Mask = (~occluded(_tensor(flow), _tensor(reverse)))[0, 0].numpy()
    return agrees


def disparity_agrees(disparity: Float, right: Float) -> Mask:
    """Return where the right image's own disparity leads back. # 2 x (H, W) px -> (H, W).

    What is not above 0 is not known: it would be behind infinity.
    """
    zero = np.zeros_like(disparity)
    there = np.stack([-disparity, zero], -1)
    back = np.stack([right, zero], -1)
    return flow_agrees(there, back) & (disparity > 0)


def next_disparity_agrees(next_disparity: Float, flow: Float, own: Float) -> Mask:
    """Return where the next pair's own disparity is that of the same point.

    Args:
        next_disparity: of the points of this image, px. # (H, W)
        flow: to the next image, px. # (H, W, 2)
        own: disparity of the next pair's left image, px. # (H, W)
    """
    moved = _tensor(flow)
    seen = sample(_tensor(own[..., None]), ends(moved))[0, 0].numpy()
    apart = np.square(next_disparity - seen)
    allowed = _RELATIVE * (np.square(next_disparity) + np.square(seen)) + _ABSOLUTE
    inside: Mask = ends_inside(moved)[0, 0].numpy()
    same: Mask = inside & (apart <= allowed) & (next_disparity > 0)
    return same


def _tensor(values: Float) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values)).permute(2, 0, 1)[None]
