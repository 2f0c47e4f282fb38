"""A golden case's batch of frames as SGDepth's depth loss sees it, and the loss with its steps.

Images are not in the case: those of sample i, in time, have the seeds ``seed + 3 i`` to
``seed + 3 i + 2``.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import torch
from torch import Tensor

from offline.golden.case import Array, Case
from offline.golden.stand_ins import golden_image
from offline.losses.photometric import photometric_errors, smallest_error
from offline.losses.sgdepth import DepthLoss, DepthLossSettings, depth_loss
from offline.losses.ssim import dissimilarity
from offline.losses.view_synthesis import (
    Synthesis,
    sampling_grid,
    surface_normals,
    synthesize,
    viewing_rays,
)
from scene_perception.geometry.camera import pixel_grid

NEIGHBOURS = ("prev", "next")
_DISPARITY = re.compile(r"disp_\d")


class Scene(NamedTuple):
    """A case's batch; disparities and syntheses finest first."""

    target: Tensor
    sources: tuple[Tensor, ...]
    disparities: tuple[Tensor, ...]
    syntheses: tuple[Synthesis, ...]
    rays: Tensor

    def loss(self, settings: DepthLossSettings, keep: Tensor | None = None) -> DepthLoss:
        """Return the depth loss; pixels where ``keep`` is False do not count. # (B, H, W)."""
        return depth_loss(
            self.target, self.sources, self.disparities, self.syntheses, settings, keep=keep
        )


def read_scene(case: Case, seed: int) -> Scene:
    """Return the batch of a case that has ``disp_0``, ``K`` and the transforms."""
    names = sorted(name for name in case if _DISPARITY.fullmatch(name))
    disparities = tuple(torch.from_numpy(case[name]) for name in names)
    batch, _, height, width = disparities[0].shape
    previous, target, following = (
        torch.stack([_image(seed + 3 * n + frame, height, width) for n in range(batch)])
        for frame in range(3)
    )
    intrinsics = torch.from_numpy(case["K"])[..., :3, :3].expand(batch, 3, 3)
    rays = _rays(case, intrinsics, height, width)
    transforms = [torch.from_numpy(case[f"cam_T_cam_{name}"]) for name in NEIGHBOURS]
    sources = (previous, following)
    syntheses = tuple(
        synthesize(sources, disparity, transforms, intrinsics, rays=rays)
        for disparity in disparities
    )
    return Scene(target, sources, disparities, syntheses, rays)


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


def depth_arrays(case: Case, seed: int) -> dict[str, Array]:
    """Return the depth loss, its variants that the case names, and every map on the way."""
    scene = read_scene(case, seed)
    results = {
        f"grid_{name}": sampling_grid(positions)
        for name, positions in zip(NEIGHBOURS, scene.syntheses[0].positions, strict=True)
    }
    for scale, synthesis in enumerate(scene.syntheses):
        maps = _scale_maps(scene, synthesis)
        results |= {f"{name}_{scale}": tensor for name, tensor in maps.items()}
    results["identity"] = photometric_errors(scene.sources, scene.target)
    return {name: tensor.numpy() for name, tensor in {**results, **_losses(case, scene)}.items()}


def _scale_maps(scene: Scene, synthesis: Synthesis) -> dict[str, Tensor]:
    unwarped = photometric_errors(scene.sources, scene.target)
    warped = photometric_errors(synthesis.images, scene.target)
    error, is_warped = smallest_error(unwarped, warped)
    named = list(zip(NEIGHBOURS, synthesis.images, strict=True))
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


def _losses(case: Case, scene: Scene) -> dict[str, Tensor]:
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
