"""Which pixels another image does not show: forward-backward check and the image's border."""

from __future__ import annotations

import torch
from torch import Tensor

from offline.losses.view_synthesis import sample
from scene_perception.geometry.camera import pixel_grid

_RELATIVE, _ABSOLUTE = 0.01, 0.5


def occluded(flow: Tensor, reverse: Tensor) -> Tensor:
    """Return where ``flow`` leaves the image or the reverse flow does not lead back.

    Sundaram et al. (2010) as DDFlow and SelFlow take it: not back is
    ``|f + r|^2 > 0.01 (|f|^2 + |r|^2) + 0.5`` with ``r`` the reverse flow where ``f`` ends.
    A decision, without a gradient.

    Args:
        flow: from this image to the other, px. # (B, 2, H, W)
        reverse: from the other image to this one, px. # (B, 2, H, W)

    Returns:
        bool. # (B, 1, H, W)

    Raises:
        ValueError: for flows of different shapes.
    """
    if flow.shape != reverse.shape or flow.shape[1] != 2:
        raise ValueError(
            "flow and reverse flow must be (B, 2, H, W) of one shape, "
            f"got {tuple(flow.shape)} and {tuple(reverse.shape)}"
        )
    with torch.no_grad():
        back = sample(reverse, ends(flow))
        apart = _squared_length(flow + back)
        allowed = _RELATIVE * (_squared_length(flow) + _squared_length(back)) + _ABSOLUTE
        return (apart > allowed) | ~ends_inside(flow)


def ends(flow: Tensor) -> Tensor:
    """Return where each pixel's flow ends, px. # (B, 2, H, W)."""
    return pixel_grid(flow.shape[2], flow.shape[3], flow.device).to(flow.dtype) + flow


def ends_inside(flow: Tensor) -> Tensor:
    """Return whether the flow ends between the outermost pixels' centres, bool. # (B, 1, H, W)."""
    x, y = ends(flow.detach()).unbind(1)
    height, width = flow.shape[2:]
    inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    return inside.unsqueeze(1)


def _squared_length(vectors: Tensor) -> Tensor:
    return vectors.square().sum(1, keepdim=True)
