"""Masks of moving objects against KITTI 2015's object maps, as OmegaNet's evaluator has it.

Two classes, static and moving. Each image's numbers are computed alone and averaged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from offline.metrics.checks import check_size
from scene_perception.models.layers import resize_nearest

_THRESHOLD = 127  # of 0..255: a share above 0.5


@dataclass(frozen=True)
class MotionScore:
    """One image's pixels by true and predicted class."""

    static_static: int
    static_moving: int
    moving_static: int
    moving_moving: int


def mask_at_truth(mask: NDArray[np.uint8], shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Resize a mask as TensorFlow 1's nearest neighbour does. # (h, w) -> (H, W)."""
    if mask.shape == shape[:2]:
        return mask
    planes = torch.from_numpy(np.ascontiguousarray(mask))[None, None]
    return np.asarray(resize_nearest(planes, shape[0], shape[1])[0, 0].numpy())


def score_motion_mask(mask: NDArray[np.uint8], object_map: NDArray[Any]) -> MotionScore:
    """Count one image's pixels.

    Args:
        mask: moving above 127. # (H, W) uint8
        object_map: moving above 0. # (H, W)

    Raises:
        ValueError: for shapes that differ, or a mask that is not uint8.
    """
    check_size("motion mask", mask, object_map.shape)
    if mask.dtype != np.uint8:
        raise ValueError(f"motion mask must be uint8, 0 or 255, got {mask.dtype}")
    predicted, moving = mask > _THRESHOLD, object_map > 0
    both = int(np.count_nonzero(predicted & moving))
    found, true = int(np.count_nonzero(predicted)), int(np.count_nonzero(moving))
    return MotionScore(mask.size - found - true + both, found - both, true - both, both)


def conclude_motion_mask(scores: Sequence[MotionScore]) -> dict[str, float]:
    """Return the means over images, 0..1, and ``frames``.

    ``pixel_accuracy``; ``mean_accuracy``: mean recall of the classes in the truth; ``miou``: sum
    of the IoU of both classes over the number of classes in the truth; ``fw_iou``: each class
    weighs as its share of the truth; ``iou_static``, ``iou_moving``.

    A class that is in only one of the two maps has an IoU of 0. If both maps hold nothing but
    one and the same class, the published code counts its IoU of 1 for both classes.

    Raises:
        ValueError: for no scores.
    """
    if not scores:
        raise ValueError("scores must be at least one, got none")
    names = ("pixel_accuracy", "mean_accuracy", "miou", "fw_iou", "iou_static", "iou_moving")
    means = np.mean([_image_numbers(score) for score in scores], axis=0)
    return {**dict(zip(names, map(float, means), strict=True)), "frames": float(len(scores))}


def _image_numbers(score: MotionScore) -> tuple[float, ...]:
    confusion = np.array(
        [
            [score.static_static, score.static_moving],
            [score.moving_static, score.moving_moving],
        ]
    )
    hits, true, predicted = np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    union, pixels = true + predicted - hits, confusion.sum()
    iou = hits / np.maximum(union, 1)
    classes = np.count_nonzero(true)
    alone = np.count_nonzero(union) == 1
    return (
        hits.sum() / pixels,
        (hits / np.maximum(true, 1)).sum() / classes,
        iou.sum() / classes,
        (true * iou).sum() / pixels,
        *((1.0, 1.0) if alone else iou),
    )
