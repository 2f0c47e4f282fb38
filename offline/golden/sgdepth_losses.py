"""SGDepth's losses and their geometry in a golden case, computed from the case's own inputs.

Images are not in the case: those of sample i, in time, have the seeds ``seed + 3 i`` to
``seed + 3 i + 2``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from offline.golden.case import Array, Case
from offline.golden.stand_ins import golden_image
from offline.losses.masking_schedule import MaskingSettings, threshold_after
from offline.losses.moving_mask import moving_mask
from offline.losses.photometric import photometric_errors, smallest_error
from offline.losses.segmentation import CLASS_WEIGHTS, segmentation_loss
from offline.losses.sgdepth import DepthLoss, DepthLossSettings, depth_loss
from offline.losses.ssim import dissimilarity
from offline.losses.view_synthesis import (
    Synthesis,
    sample_labels,
    sampling_grid,
    surface_normals,
    synthesize,
    viewing_rays,
)
from scene_perception.geometry.camera import pixel_grid
from scene_perception.geometry.se3 import axis_angle_matrix, inverse

_NEIGHBOURS = ("prev", "next")
_DISPARITY = re.compile(r"disp_\d")
_GEOMETRY = ("K", "cam_T_cam_prev", "cam_T_cam_next", "disp_0")
_CLASSES = ("seg_cur", "seg_prev", "seg_next")
_PUBLISHED = MaskingSettings(enable=True)


class _Scene(NamedTuple):
    """A case's batch; disparities and syntheses finest first."""

    target: Tensor
    sources: tuple[Tensor, ...]
    disparities: tuple[Tensor, ...]
    syntheses: tuple[Synthesis, ...]
    rays: Tensor

    def loss(self, settings: DepthLossSettings, keep: Tensor | None = None) -> DepthLoss:
        return depth_loss(
            self.target, self.sources, self.disparities, self.syntheses, settings, keep=keep
        )


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


def _scene(case: Case, seed: int) -> _Scene:
    names = sorted(name for name in case if _DISPARITY.fullmatch(name))
    disparities = tuple(torch.from_numpy(case[name]) for name in names)
    batch, _, height, width = disparities[0].shape
    previous, target, following = (
        torch.stack([_image(seed + 3 * n + frame, height, width) for n in range(batch)])
        for frame in range(3)
    )
    intrinsics = torch.from_numpy(case["K"])[..., :3, :3].expand(batch, 3, 3)
    rays = _rays(case, intrinsics, height, width)
    transforms = [torch.from_numpy(case[f"cam_T_cam_{name}"]) for name in _NEIGHBOURS]
    sources = (previous, following)
    syntheses = tuple(
        synthesize(sources, disparity, transforms, intrinsics, rays=rays)
        for disparity in disparities
    )
    return _Scene(target, sources, disparities, syntheses, rays)


def _rays(case: Case, intrinsics: Tensor, height: int, width: int) -> Tensor:
    """Return the viewing rays of the case's numerical inverse, whose rounding shows in SSIM."""
    if "inv_K" not in case:
        return viewing_rays(intrinsics, height, width)
    inverse_intrinsics = torch.from_numpy(case["inv_K"])[..., :3, :3].expand_as(intrinsics)
    x, y = pixel_grid(height, width, intrinsics.device)
    columns = inverse_intrinsics[..., None, None].unbind(2)
    rays: Tensor = columns[0] * x + columns[1] * y + columns[2]
    return rays


def _image(seed: int, height: int, width: int) -> Tensor:
    """Return an image in 0..1, as the losses see it. # (3, H, W)."""
    return torch.from_numpy(golden_image(seed, height, width)).permute(2, 0, 1) / 255


def _depth_arrays(case: Case, seed: int) -> dict[str, Array]:
    scene = _scene(case, seed)
    results = {
        f"grid_{name}": sampling_grid(positions)
        for name, positions in zip(_NEIGHBOURS, scene.syntheses[0].positions, strict=True)
    }
    for scale, synthesis in enumerate(scene.syntheses):
        maps = _scale_maps(scene, synthesis)
        results |= {f"{name}_{scale}": tensor for name, tensor in maps.items()}
    results["identity"] = photometric_errors(scene.sources, scene.target)
    return {name: tensor.numpy() for name, tensor in {**results, **_losses(case, scene)}.items()}


def _scale_maps(scene: _Scene, synthesis: Synthesis) -> dict[str, Tensor]:
    unwarped = photometric_errors(scene.sources, scene.target)
    warped = photometric_errors(synthesis.images, scene.target)
    error, is_warped = smallest_error(unwarped, warped)
    named = list(zip(_NEIGHBOURS, synthesis.images, strict=True))
    normals = surface_normals(scene.rays * synthesis.depth)
    return {
        **{f"warped_{name}": image for name, image in named},
        **{f"ssim_{name}": dissimilarity(image, scene.target) for name, image in named},
        "depth": synthesis.depth,
        "normals": normals.permute(0, 2, 3, 1),
        "reprojection": warped,
        "min_map": error[:, 0],
        "min_is_warped": is_warped[:, 0].to(torch.uint8),
    }


def _losses(case: Case, scene: _Scene) -> dict[str, Tensor]:
    """Return the published training's loss, and each variant that the case names."""
    published = scene.loss(DepthLossSettings())
    variants = {
        name: scene.loss(_settings(name)).total
        for name in case
        if name.startswith("loss_depth_") and name != "loss_depth_masked"
    }
    return {
        "loss_depth": published.total,
        "loss_per_scale": published.photometric + published.smoothness,
        "smooth_per_scale": published.smoothness,
        **variants,
    }


def _settings(name: str) -> DepthLossSettings:
    return DepthLossSettings(
        auto_mask="no_automask" not in name,
        average_reprojection="avg_reprojection" in name,
        smoothness_weight=0.0 if "no_smoothness" in name else DepthLossSettings.smoothness_weight,
    )


def _mask_arrays(case: Case, seed: int) -> dict[str, Array]:
    scene = _scene(case, seed)
    current, *classes = (torch.from_numpy(case[name]) for name in _CLASSES)
    warped = [
        sample_labels(labels, positions)
        for labels, positions in zip(classes, scene.syntheses[0].positions, strict=True)
    ]
    thresholds = case.get("mask_thresholds", np.zeros(1))
    masks = [moving_mask(current, warped, float(threshold)) for threshold in thresholds]
    losses = [scene.loss(DepthLossSettings(), mask.keep).total for mask in masks]
    named = zip(_NEIGHBOURS, warped, strict=True)
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
    _Group(_GEOMETRY, _depth_arrays, re.compile(r"inv_K|disp_\d")),
    _Group((*_GEOMETRY, *_CLASSES), _mask_arrays, re.compile("mask_thresholds")),
    _Group(("iou_log", "schedule_epochs"), _schedule_arrays),
    _SEGMENTATION,
)
