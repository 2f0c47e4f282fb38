"""From a predictor's outputs to what people and files want: metres, labels, masks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from offline.predictors.base import Outputs
from scene_perception.models.dsnet import labels_from_logits
from scene_perception.models.sgdepth_scene import LOGITS as SGDEPTH_LOGITS
from scene_perception.models.sgdepth_scene import train_ids
from scene_perception.pipelines.config import MotionConfig, OutputConfig, ScaleConfig
from scene_perception.pipelines.postprocess import depth_image, flow_image, mask_image, resized

Estimates = dict[str, NDArray[Any]]
Size = tuple[int, int]

ARRAYS: Mapping[str, tuple[str, ...]] = {
    "depth": ("depth",),
    "semantics": ("labels",),
    "flow": ("flow",),
    "motion": ("motion_probability", "motion_mask"),
    "pose": ("next_from_current",),
    "scene_flow": ("disparity", "next_disparity", "flow"),
}


@dataclass(frozen=True)
class Settings:
    """How outputs are described.

    Attributes:
        scale: metres per unit of a monocular network's depth; source ``none`` or ``fixed``.
        output: resolution, ``camera`` or ``network``, and valid range of depth.
        motion: threshold of the motion mask.
    """

    scale: ScaleConfig
    output: OutputConfig
    motion: MotionConfig

    @property
    def factor(self) -> float:
        """Metres per unit, 1 while depth is relative."""
        return self.scale.factor if self.scale.source == "fixed" else 1.0


def estimates(task: str, outputs: Outputs, camera: Size, settings: Settings) -> Estimates:
    """Return the arrays of a task, named as ``ARRAYS`` says.

    ``depth`` in metres (or units of the network) and NaN where it is out of range, ``labels``
    Cityscapes train ids with 255 for void, ``flow`` px of its own size, ``motion_mask`` 255 where
    something moves, ``next_from_current`` with its translation scaled as depth is.

    Args:
        task: of ``offline.predictors.base.TASKS``.
        outputs: of the predictor.
        camera: width and height of the image, px.
        settings: what people asked for.
    """
    at_camera = settings.output.resolution == "camera"
    if task == "depth":
        inverse_depth = outputs["inverse_depth"]
        size = camera if at_camera else _size(inverse_depth)
        limits = (settings.output.min_depth, settings.output.max_depth)
        return {"depth": depth_image(inverse_depth, size, settings.factor, limits)}
    if task == "semantics":
        return {"labels": labels_of(outputs["logits"], camera if at_camera else None)}
    if task == "flow":
        flow = outputs["flow"]
        size = camera if at_camera else _size(flow)
        return {"flow": flow_image(flow.transpose(2, 0, 1), size)}
    if task == "motion":
        return _motion(outputs, camera if at_camera else None, settings.motion.threshold)
    if task == "pose":
        pose = outputs["next_from_current"].copy()
        pose[:3, 3] *= settings.factor
        return {"next_from_current": pose}
    return dict(outputs)


def labels_of(logits: NDArray[np.float32], size: Size | None) -> NDArray[np.uint8]:
    """Return train ids, 255 void, at ``size`` or at the network's own.

    DSNet's logits are enlarged before the best class is taken (omegaNet,
    ``prepare_semantic``), SGDepth's labels afterwards (``inference.py``).

    Args:
        logits: 19 classes at half the network's size, or 20 at its size. # (C, h, w)
        size: width and height; None is the network's own.
    """
    batch = torch.from_numpy(logits)[None]
    height, width = logits.shape[1:]
    if len(logits) == SGDEPTH_LOGITS:
        labels = train_ids(batch)[0].numpy()
        return resized(labels, size or (width, height), cv2.INTER_NEAREST_EXACT)
    width, height = size or (2 * width, 2 * height)
    return labels_from_logits(batch, height, width)[0].numpy()


def _motion(outputs: Outputs, size: Size | None, threshold: float) -> Estimates:
    """Return probability and mask; as published, the mask is decided at the network's size."""
    probability = outputs["motion_probability"]
    mask = mask_image(outputs["labels"], probability, threshold)
    size = size or _size(probability)
    return {
        "motion_probability": resized(probability, size),
        "motion_mask": resized(mask, size, cv2.INTER_NEAREST_EXACT),
    }


def _size(plane: NDArray[Any]) -> Size:
    return plane.shape[1], plane.shape[0]
