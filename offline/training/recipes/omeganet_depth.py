"""OmegaNet's DSNet and CameraNet from three images, without known depth or motion.

Tosi et al., "Distilled Semantics for Comprehensive Scene Understanding from Videos" (CVPR 2020),
section 3.1 and 3.2. Its training code was never released; where the paper leaves a choice, it is a
setting.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from offline.losses.cross_task import semantic_edge_loss
from offline.losses.photometric import photometric_errors, smallest_error
from offline.losses.reductions import mean_over
from offline.losses.smoothness import divide_by_mean, edge_aware_smoothness
from offline.losses.view_synthesis import sample, source_positions, viewing_rays
from offline.training.batch import Batch
from offline.training.omeganet_parts import (
    evaluated,
    freeze,
    full_precision,
    omeganet_from,
    omeganet_state,
    require_weights,
)
from offline.training.recipe import Progress, Recipe
from scene_perception.frame import UNKNOWN_LABEL
from scene_perception.geometry.disparity import depth_from_inverse_depth, normalize_inverse_depth
from scene_perception.geometry.se3 import pose_matrix
from scene_perception.models.camera_net import CameraOutputs
from scene_perception.models.dsnet import DSNetPrediction
from scene_perception.models.layers import resize_bilinear
from scene_perception.visualization import color_depth, color_labels

_SCALES = 5


@dataclass(frozen=True)
class Settings:
    """How depth and camera are trained.

    Attributes:
        weights: of an OmegaNet to begin with; empty for random ones.
        seed: of random weights.
        norm_momentum: of batch norm's running statistics; 0.001 in the published network.
        intrinsics: ``given`` takes the batch's, and trains CameraNet to say the same; ``learned``
            takes CameraNet's.
        semantics: ``labels`` trains the classes from the batch's labels, which may be proxies;
            ``none`` leaves their layers as they are.
        auto_mask: leave out pixels that the sources explain better as they are (Monodepth2).
        scales: finest ones that are trained, 1..5.
        photometric_weight: of L1 + SSIM, minimum over the sources.
        smoothness_weight: of the finest scale, halved from scale to scale.
        semantic_weight: of the cross-entropy.
        edge_weight: of the cross-task term.
        edge_decay: of the cross-task term, see ``semantic_edge_loss``.
        intrinsics_weight: of the distance from given intrinsics, in image sizes.

    Raises:
        ValueError: for a setting that breaks its rule.
    """

    weights: str = ""
    seed: int = 0
    norm_momentum: float = 0.01
    intrinsics: Literal["given", "learned"] = "given"
    semantics: Literal["labels", "none"] = "labels"
    auto_mask: bool = False
    scales: int = 4
    photometric_weight: float = 1.0
    smoothness_weight: float = 0.01
    semantic_weight: float = 0.1
    edge_weight: float = 0.01
    edge_decay: float = 1.0
    intrinsics_weight: float = 0.1

    def __post_init__(self) -> None:
        if not 1 <= self.scales <= _SCALES:
            raise ValueError(f"scales must be in 1..{_SCALES}, got {self.scales}")
        if self.intrinsics not in ("given", "learned"):
            raise ValueError(f"intrinsics must be given or learned, got {self.intrinsics!r}")
        if self.semantics not in ("labels", "none"):
            raise ValueError(f"semantics must be labels or none, got {self.semantics!r}")
        require_weights(self)


class OmegaNetDepthRecipe(Recipe):
    """DSNet and CameraNet; the flow network is kept as it is.

    Args:
        settings: how they are trained.

    Raises:
        FileNotFoundError, ValueError: for weights to begin with that cannot be read.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings
        self.network = omeganet_from(settings.weights, settings.seed, settings.norm_momentum)
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
        scales = [normalize_inverse_depth(inverse_depth.float()) for inverse_depth in finest]
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
            logits.float(), labels.long(), ignore_index=UNKNOWN_LABEL, reduction="none"
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

    @torch.no_grad()
    def pictures(self, batch: Batch) -> dict[str, Tensor]:
        """Return depth and labels of the first sample. # (H, W, 3)."""
        with evaluated(self.network):
            outputs = self.network.dsnet(batch["current"][:1])
        depth = depth_from_inverse_depth(outputs.inverse_depth)[0, 0].cpu().numpy()
        labels = outputs.labels[0].cpu().numpy()
        return {
            "depth": torch.from_numpy(color_depth(depth)),
            "labels": torch.from_numpy(color_labels(labels)),
        }


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
