"""SGDepth's losses and their geometry in a golden case, computed from the case's own inputs."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from offline.golden.case import Array, Case
from offline.golden.sgdepth_scene import NEIGHBOURS, depth_arrays, read_scene
from offline.losses.masking_schedule import MaskingSettings, threshold_after
from offline.losses.moving_mask import moving_mask
from offline.losses.segmentation import CLASS_WEIGHTS, segmentation_loss
from offline.losses.sgdepth import DepthLossSettings
from offline.losses.view_synthesis import sample_labels
from scene_perception.geometry.se3 import axis_angle_matrix, inverse

_GEOMETRY = ("K", "cam_T_cam_prev", "cam_T_cam_next", "disp_0")
_CLASSES = ("seg_cur", "seg_prev", "seg_next")
_PUBLISHED = MaskingSettings(enable=True)


@dataclass(frozen=True)
class _Group:
    """Arrays that come from the same inputs: from the case and the first image's seed."""

    inputs: tuple[str, ...]
    compute: Callable[[Case, int], dict[str, Array]]
    also_read: re.Pattern[str] | None = None

    def inputs_in(self, case: Case) -> set[str]:
        if not case.keys() >= set(self.inputs):
            return set()
        also = {n for n in case if self.also_read and self.also_read.fullmatch(n)}
        return {*self.inputs, *also}


def inputs(case: Case) -> set[str]:
    """Return the names of a case's arrays that losses are computed from.

    Transforms are none beside the vectors that they come from. A whole training step's
    disparities are results, so it has none.
    """
    read = {name for group in _groups(case) for name in group.inputs_in(case)}
    return read - _motion_arrays(case, 0).keys() if _MOTION.inputs_in(case) else read


def arrays(case: Case, seed: int) -> dict[str, Array]:
    """Return every array that the case has the inputs for.

    Args:
        case: inputs, named as published, and perhaps results.
        seed: of the first sample's previous image.

    Raises:
        ValueError: naming the inputs that do not fit together.
    """
    results: dict[str, Array] = {}
    for group in _groups(case):
        try:
            with torch.inference_mode():
                results.update(group.compute(case, seed))
        except (ValueError, RuntimeError) as error:
            read = ", ".join(f"{n} {case[n].dtype}{case[n].shape}" for n in group.inputs)
            raise ValueError(f"losses cannot be computed from {read}: {error}") from error
    return results


def _groups(case: Case) -> list[_Group]:
    known = [] if "grad_names" in case else _GROUPS
    return [group for group in known if group.inputs_in(case)]


def _motion_arrays(case: Case, _seed: int) -> dict[str, Array]:
    vectors = (torch.from_numpy(case[name]) for name in _MOTION.inputs)
    # The earlier pair is seen forward in time as well, hence inverted.
    previous, following = (axis_angle_matrix(*pair) for pair in zip(*vectors, strict=True))
    return {
        "cam_T_cam_prev": inverse(previous).numpy(),
        "cam_T_cam_next": following.numpy(),
    }


def _mask_arrays(case: Case, seed: int) -> dict[str, Array]:
    scene = read_scene(case, seed)
    current, *classes = (torch.from_numpy(case[name]) for name in _CLASSES)
    warped = [
        sample_labels(labels, positions)
        for labels, positions in zip(classes, scene.syntheses[0].positions, strict=True)
    ]
    thresholds = case.get("mask_thresholds", np.zeros(1))
    masks = [moving_mask(current, warped, float(threshold)) for threshold in thresholds]
    losses = [scene.loss(DepthLossSettings(), mask.keep).total for mask in masks]
    named = zip(NEIGHBOURS, warped, strict=True)
    return {
        **{f"seg_warped_{name}": labels.numpy() for name, labels in named},
        "moving_masks": torch.stack([mask.keep for mask in masks]).to(torch.uint8).numpy(),
        "loss_depth_masked": torch.stack(losses).numpy(),
        "iou_static": _defined(masks[0].static_iou),
        "iou_moving": _defined(masks[0].dynamic_iou),
    }


def _defined(values: Tensor) -> Array:
    return values[~values.isnan()].numpy()


def _schedule_arrays(case: Case, _seed: int) -> dict[str, Array]:
    scores, epochs = case["iou_log"].tolist(), case["schedule_epochs"].tolist()
    linear = replace(_PUBLISHED, linear_increase=True)
    return {
        f"schedule_{name}": np.array([threshold_after(n, scores, settings) for n in epochs])
        for name, settings in (("linear", linear), ("constant", _PUBLISHED))
    }


def _segmentation_arrays(case: Case, _seed: int) -> dict[str, Array]:
    logits, labels = (torch.from_numpy(case[name]) for name in _SEGMENTATION.inputs)
    loss = segmentation_loss(logits.float(), labels)
    return {"loss_seg": loss.numpy(), "class_weights": np.array(CLASS_WEIGHTS, np.float32)}


_MOTION = _Group(("axisangle", "translation"), _motion_arrays)
_SEGMENTATION = _Group(("ce_logits", "ce_target"), _segmentation_arrays)
_GROUPS = (
    _MOTION,
    _Group(_GEOMETRY, depth_arrays, re.compile(r"inv_K|disp_\d")),
    _Group((*_GEOMETRY, *_CLASSES), _mask_arrays, re.compile("mask_thresholds")),
    _Group(("iou_log", "schedule_epochs"), _schedule_arrays),
    _SEGMENTATION,
)
