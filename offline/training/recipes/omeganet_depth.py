"""OmegaNet's DSNet and CameraNet from three images, without known depth or motion.

Tosi et al., "Distilled Semantics for Comprehensive Scene Understanding from Videos" (CVPR 2020),
section 3.1 and 3.2. Its training code was never released; where the paper leaves a choice, it is a
setting.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from offline.losses.cross_task import semantic_edge_loss
from offline.losses.photometric import photometric_errors, smallest_error
from offline.losses.reductions import mean_over
from offline.losses.smoothness import divide_by_mean, edge_aware_smoothness
from offline.losses.view_synthesis import sample, source_positions, viewing_rays
from offline.training.batch import Batch
from offline.training.initialization import set_momentum
from offline.training.omeganet_parts import (
    exact,
    freeze,
    full_precision,
    omeganet_from,
    omeganet_state,
)
from offline.training.pictures import omeganet_pictures
from offline.training.recipe import Progress, Recipe
from scene_perception.frame import UNKNOWN_LABEL
from scene_perception.geometry.disparity import depth_from_inverse_depth, normalize_inverse_depth
from scene_perception.geometry.se3 import pose_matrix
from scene_perception.models.camera_net import CameraOutputs
from scene_perception.models.dsnet import DSNetPrediction
from scene_perception.models.layers import BatchNorm, resize_bilinear
from scene_perception.settings import check, setting

_SCALES = 5


@dataclass(frozen=True)
class Settings:
    """How depth and camera are trained."""

    weights: str = setting("", "OmegaNet to begin with (.safetensors); empty: random weights")
    seed: int = setting(0, "of random weights", minimum=0)
    batch_norm_momentum: float = setting(
        0.01, "share of a batch in the running statistics (published: 0.001)",
        minimum=1e-4, maximum=1.0,
    )  # fmt: skip
    intrinsics: str = setting(
        "given", "the batch's, which CameraNet then learns to say, or CameraNet's own",
        choices=("given", "learned"),
    )  # fmt: skip
    semantics: str = setting(
        "labels", "train classes by the batch's labels, which may be proxies, or leave them",
        choices=("labels", "none"),
    )  # fmt: skip
    auto_mask: bool = setting(False, "leave out pixels that sources explain better as they are")
    scales: int = setting(4, "finest ones whose depth has to explain the image",
                          minimum=1, maximum=_SCALES)  # fmt: skip
    photometric_weight: float = setting(1.0, "of L1 + SSIM, minimum over the sources", minimum=0)
    smoothness_weight: float = setting(
        0.01, "of the finest scale, halved from scale to scale", minimum=0
    )
    semantic_weight: float = setting(0.1, "of the classes' cross-entropy", minimum=0)
    edge_weight: float = setting(0.01, "of smooth depth where classes change", minimum=0)
    edge_decay: float = setting(1.0, "by which a jump of the mean depth's size suffices",
                                minimum=0)  # fmt: skip
    intrinsics_weight: float = setting(
        0.1, "of the distance from given intrinsics, in image sizes", minimum=0
    )


class OmegaNetDepthRecipe(Recipe):
    """DSNet and CameraNet; the flow network is kept as it is.

    Args:
        settings: how they are trained.

    Raises:
        FileNotFoundError, ValueError: for weights to begin with that cannot be read.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        check(settings)
        self.settings = settings
        self.network = omeganet_from(settings.weights, settings.seed)
        set_momentum(self.network, BatchNorm, settings.batch_norm_momentum)
        self.needs = ("previous", "current", "next", *_needed(settings))
        self.tasks = ("depth", "semantics") if settings.semantics == "labels" else ("depth",)
        self._keep_frozen()

    def train(self, mode: bool = True) -> OmegaNetDepthRecipe:
        """Set training, but of what is kept as it is."""
        super().train(mode)
        self._keep_frozen()
        return self

    def _keep_frozen(self) -> None:
        decoder, settings = self.network.camera_net.decoder, self.settings
        freeze(self.network.sd_ofnet)
        if settings.semantics == "none":
            freeze(self.network.dsnet.semantic)
        if settings.intrinsics == "given" and settings.intrinsics_weight == 0:
            freeze(decoder.focal_lengths, decoder.offsets)

    def forward(self, batch: Batch, progress: Progress) -> dict[str, Tensor]:
        """Return the terms of depth and camera, and those of semantics and given intrinsics."""
        settings, current = self.settings, batch["current"]
        sources = batch["previous"], batch["next"]
        prediction = self.network.dsnet.decode(self.network.dsnet.encode(current))
        with full_precision(current):
            camera = self.network.camera_net(sources[0], current, sources[1])
        finest = prediction.inverse_depths[: settings.scales]
        scales = [normalize_inverse_depth(exact(inverse_depth)) for inverse_depth in finest]
        terms = {
            "photometric": settings.photometric_weight
            * self._photometric(current, sources, scales, camera, self._intrinsics(batch, camera)),
            "smoothness": settings.smoothness_weight * _smoothness(scales, current),
        }
        if settings.semantics == "labels":
            terms |= self._semantic(prediction, scales[0], batch["labels"])
        if settings.intrinsics == "given" and settings.intrinsics_weight > 0:
            distance = intrinsics_distance(camera.intrinsics, batch["intrinsics"], current)
            terms["intrinsics"] = settings.intrinsics_weight * distance
        return terms

    def _intrinsics(self, batch: Batch, camera: CameraOutputs) -> Tensor:
        given = self.settings.intrinsics == "given"
        return batch["intrinsics"] if given else camera.intrinsics

    def _photometric(
        self,
        target: Tensor,
        sources: Sequence[Tensor],
        scales: Sequence[Tensor],
        camera: CameraOutputs,
        intrinsics: Tensor,
    ) -> Tensor:
        """Return the mean over the scales, each at full size, and over all pixels."""
        unwarped = photometric_errors(sources, target) if self.settings.auto_mask else None
        errors = []
        for inverse_depth in scales:
            views = synthesized(sources, inverse_depth, camera, intrinsics)
            warped = photometric_errors(views, target)
            if unwarped is None:
                errors.append(warped.amin(1).mean())
            else:
                errors.append(smallest_error(unwarped, warped)[0].mean())
        return torch.stack(errors).mean()

    def _semantic(
        self, prediction: DSNetPrediction, finest: Tensor, labels: Tensor
    ) -> dict[str, Tensor]:
        height, width = labels.shape[1:]
        logits = resize_bilinear(prediction.logits, height, width)
        errors = F.cross_entropy(
            exact(logits), labels.long(), ignore_index=UNKNOWN_LABEL, reduction="none"
        )
        full = resize_bilinear(finest, height, width)
        edges = semantic_edge_loss(full, labels, self.settings.edge_decay)
        return {
            "semantic": self.settings.semantic_weight * mean_over(errors, labels != UNKNOWN_LABEL),
            "edge": self.settings.edge_weight * edges,
        }

    def weights(self) -> Mapping[str, Tensor]:
        """Return a whole OmegaNet's state."""
        return omeganet_state(self.network)

    def weights_metadata(self) -> Mapping[str, str]:
        """Return that it is an OmegaNet, and what was trained."""
        return {"model": "omeganet", "recipe": "omeganet_depth"}

    def pictures(self, batch: Batch) -> dict[str, Tensor]:
        """Return what the network says of the first sample."""
        return omeganet_pictures(self.network, batch)


def synthesized(
    sources: Sequence[Tensor], inverse_depth: Tensor, camera: CameraOutputs, intrinsics: Tensor
) -> list[Tensor]:
    """Return the previous and the next image as the current camera would see them.

    Args:
        sources: previous and next image. # (B, 3, H, W)
        inverse_depth: of the current image at any scale, mean about 1. # (B, 1, h, w)
        camera: poses from the current to the sources' cameras.
        intrinsics: K in pixels of H x W. # (B, 3, 3)
    """
    height, width = sources[0].shape[2:]
    depth = depth_from_inverse_depth(resize_bilinear(inverse_depth, height, width))
    points = depth * viewing_rays(intrinsics, height, width)
    poses = camera.pose_previous, camera.pose_next
    return [
        sample(source, source_positions(points, pose_matrix(pose), intrinsics))
        for source, pose in zip(sources, poses, strict=True)
    ]


def intrinsics_distance(predicted: Tensor, given: Tensor, image: Tensor) -> Tensor:
    """Return the mean difference of focal lengths and centres over the image's size, a scalar.

    Args:
        predicted: K. # (B, 3, 3)
        given: K. # (B, 3, 3)
        image: that they are of. # (B, C, H, W)
    """
    height, width = image.shape[2:]
    size = given.new_tensor([width, height, 1]).view(3, 1)
    difference = ((predicted - given) / size).abs()
    used = difference.new_tensor([[1, 0, 1], [0, 1, 1], [0, 0, 0]])
    return (difference * used).sum((1, 2)).mean() / used.sum()


def _smoothness(scales: Sequence[Tensor], image: Tensor) -> Tensor:
    """Return the mean over the scales at their own sizes; each counts half of the one before."""
    terms = []
    for n, inverse_depth in enumerate(scales):
        small = F.interpolate(image, inverse_depth.shape[2:], mode="area")
        terms.append(edge_aware_smoothness(divide_by_mean(inverse_depth), small) / 2**n)
    return torch.stack(terms).mean()


def _needed(settings: Settings) -> list[str]:
    needed = {
        "intrinsics": settings.intrinsics == "given",
        "labels": settings.semantics == "labels",
    }
    return [name for name, is_needed in needed.items() if is_needed]
