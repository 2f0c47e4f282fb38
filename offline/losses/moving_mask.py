"""Which objects move: those whose pixels do not lie where the camera's motion puts them.

SGDepth's masking of dynamic classes (``dc_masking.py``): the neighbours' class maps, warped as
if nothing moved, are compared with the current frame's. An image where they disagree shows
moving objects, and the photometric loss leaves its dynamic classes out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from scene_perception.cityscapes import DYNAMIC
from scene_perception.models.sgdepth_scene import VOID


class MovingMask(NamedTuple):
    """Which pixels the photometric loss uses, and why.

    Attributes:
        keep: False on dynamic classes of images with moving objects. # (B, H, W)
        static_iou: of all other classes, float64, NaN where there are none. # (B,)
        dynamic_iou: the score, float64, NaN where no map shows a dynamic class. # (B,)
    """

    keep: Tensor
    static_iou: Tensor
    dynamic_iou: Tensor


@torch.no_grad()
def moving_mask(current: Tensor, warped: Sequence[Tensor], threshold: float) -> MovingMask:
    """Compare the classes of the current frame with those warped from its neighbours.

    Args:
        current: best class 0..19 of each pixel. # (B, H, W)
        warped: of each neighbour, as seen from the current frame. # (B, H, W)
        threshold: images with a smaller (not an equal) score are masked.

    Raises:
        ValueError: for no neighbours or maps of different shapes.
    """
    if not warped or any(labels.shape != current.shape for labels in warped):
        shapes = ", ".join(str(tuple(labels.shape)) for labels in warped)
        raise ValueError(
            f"warped class maps must be at least one, all {tuple(current.shape)}, got [{shapes}]"
        )
    dynamic, neighbours = is_dynamic(current), [is_dynamic(labels) for labels in warped]
    score = _overlap(dynamic, neighbours)
    anywhere = torch.stack([dynamic, *neighbours]).any(0)
    moving = (score < threshold)[:, None, None]
    static_iou = _overlap(~dynamic, [~neighbour for neighbour in neighbours])
    return MovingMask(~(anywhere & moving), static_iou, score)


def is_dynamic(labels: Tensor) -> Tensor:
    """Return where classes are that can move, void among them as published. # (B, H, W)."""
    return (labels >= DYNAMIC.start) & (labels <= VOID)


def _overlap(current: Tensor, warped: Sequence[Tensor]) -> Tensor:
    """Return each image's intersection over union, both summed over the neighbours. # (B,)."""
    intersection = sum((current & other).sum((1, 2)) for other in warped)
    union = sum((current | other).sum((1, 2)) for other in warped)
    return torch.as_tensor(intersection).double() / union
