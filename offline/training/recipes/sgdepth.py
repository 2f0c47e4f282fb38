"""SGDepth: depth without truth and semantics from labels, which share an encoder.

Klingner et al., ECCV 2020; ``train.py`` and ``dc_masking.py`` of the published code. Gradients of
both tasks are weighed where they enter what they share, and moving objects are left out of the
photometric loss by a schedule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
import torch.distributed as dist
from torch import Tensor

from offline.losses.masking_schedule import MaskingSchedule, MaskingSettings, is_scored
from offline.losses.segmentation import segmentation_loss
from offline.losses.sgdepth import DepthLossSettings, depth_loss
from offline.losses.view_synthesis import Synthesis
from offline.training.batch import Batch
from offline.training.omeganet_parts import full_precision
from offline.training.pictures import image_picture, looking
from offline.training.recipe import Progress, Recipe
from offline.training.resnet_start import drawn, fill_encoders
from offline.training.sgdepth_step import (
    GradientScales,
    mask_moving,
    motions,
    predict_jointly,
    views,
)
from scene_perception.checkpoints.sgdepth import load_sgdepth
from scene_perception.geometry.disparity import depth_from_inverse_depth
from scene_perception.models.sgdepth import SGDepth
from scene_perception.settings import setting
from scene_perception.visualization import color_depth, color_labels

_DEPTH_NEEDS = ("previous", "current", "next", "intrinsics")
_LABELS_NEEDS = ("current", "labels")
_IMAGES = ("shared", "alternate", "either", "depth")
_ALL, _NONE = slice(None), slice(0, 0)


@dataclass(frozen=True)
class Settings:
    """How SGDepth is trained; the defaults are those of the published training."""

    weights: str = setting("", "SGDepth to begin with; empty: random weights")
    encoder_weights: str = setting("", "ResNet-18 with torchvision's names, for both encoders; "
                                   "empty: random weights")  # fmt: skip
    seed: int = setting(0, "of random weights", minimum=0)
    split: int = setting(1, "decoder levels that both tasks share", minimum=0, maximum=5)
    images: str = setting(
        "shared",
        "shared: every image serves both tasks; alternate: one after the other serves depth and "
        "semantics; either: a batch serves what it has; depth: no semantics",
        choices=_IMAGES,
    )
    depth_gradient: float = setting(
        0.9, "share of the gradient of depth in what is shared", minimum=0, maximum=1
    )
    segmentation_gradient: float = setting(
        0.1, "share of the gradient of semantics in what is shared", minimum=0, maximum=1
    )
    auto_mask: bool = setting(True, "let sources as they are compete for each pixel")
    average_reprojection: bool = setting(False, "average over the sources, take no minimum")
    smoothness_weight: float = setting(1e-3, "of the finest scale", minimum=0)
    masking_enable: bool = setting(False, "leave moving objects out")
    masking_from_epoch: int = setting(15, "first epoch whose images are scored", minimum=0)
    masking_linear_increase: bool = setting(
        False, "mask all images at first and fewer until the end, not always the same share"
    )
    masking_share: float = setting(
        0.1, "of images that are masked without the linear increase", minimum=0, maximum=1
    )
    masking_epochs: int = setting(20, "of the whole training, for the increase", minimum=1)

    @property
    def masking(self) -> MaskingSettings:
        """The options of the masking."""
        return MaskingSettings(
            self.masking_enable,
            self.masking_from_epoch,
            self.masking_linear_increase,
            self.masking_share,
            self.masking_epochs,
        )


class SGDepthRecipe(Recipe):
    """SGDepth with its pose network.

    Args:
        settings: how it is trained.

    Raises:
        FileNotFoundError: for weights to begin with that do not exist.
        ValueError: for such that cannot be read, or that share another part.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings
        self.network = _network(settings)
        self.schedule = MaskingSchedule(settings.masking)
        self._loss = DepthLossSettings(
            settings.auto_mask, settings.average_reprojection, settings.smoothness_weight
        )
        self._scales = GradientScales(settings.depth_gradient, settings.segmentation_gradient)
        labels = _LABELS_NEEDS if settings.images in ("shared", "alternate") else ()
        depth = () if settings.images == "either" else _DEPTH_NEEDS
        self.needs = tuple(dict.fromkeys(("current", *depth, *labels)))
        self.tasks = ("depth",) if settings.images == "depth" else ("depth", "semantics")

    def forward(self, batch: Batch, progress: Progress) -> dict[str, Tensor]:
        """Return the photometric and the smoothness term of depth, and that of semantics.

        Raises:
            ValueError: for a batch without what its tasks need.
        """
        depth, labelled = self._rows(batch)
        prediction = predict_jointly(
            self.network.scene, batch["current"], depth, labelled, self._scales
        )
        terms: dict[str, Tensor] = {}
        if depth != _NONE:
            with full_precision(batch["current"]):
                terms |= self._depth_terms(batch, depth, prediction.disparities, progress.epoch)
        if labelled != _NONE:
            loss = segmentation_loss(prediction.logits, batch["labels"][labelled])
            terms["segmentation"] = loss
        return terms

    def _rows(self, batch: Batch) -> tuple[slice, slice]:
        """Return the samples that serve depth and those that serve semantics."""
        images = self.settings.images
        if images == "alternate":
            if len(batch.names) % 2:
                raise ValueError(
                    f"batch must have an even number of samples on each process for alternate "
                    f"images, got {len(batch.names)}"
                )
            return slice(0, None, 2), slice(1, None, 2)
        if images != "either":
            return _ALL, _NONE if images == "depth" else _ALL
        has = [
            _ALL if all(name in batch for name in needed) else _NONE
            for needed in (_DEPTH_NEEDS, _LABELS_NEEDS)
        ]
        if has == [_NONE, _NONE]:
            raise ValueError(
                f"a batch of {batch.names} must have {', '.join(_DEPTH_NEEDS)}, or labels, "
                f"it has {', '.join(batch.tensors)}"
            )
        return has[0], has[1]

    def _depth_terms(
        self, batch: Batch, rows: slice, disparities: tuple[Tensor, ...], epoch: int
    ) -> dict[str, Tensor]:
        previous, current, following = (
            batch[name][rows] for name in ("previous", "current", "next")
        )
        sources = previous, following
        transforms = motions(self.network.ego_motion, previous, current, following)
        syntheses = views(sources, disparities, transforms, batch["intrinsics"][rows])
        keep = None
        if is_scored(epoch, self.settings.masking):
            keep = self._keep((current, *sources), syntheses[0])
        loss = depth_loss(current, sources, disparities, syntheses, self._loss, keep=keep)
        return {"photometric": loss.photometric.mean(), "smoothness": loss.smoothness.mean()}

    def _keep(self, images: tuple[Tensor, ...], finest: Synthesis) -> Tensor:
        """Return which pixels do not move, and remember how sure that was. # (B, H, W) bool."""
        with looking(self.network.scene):
            mask = mask_moving(self.network.scene, images, finest, self.schedule.threshold)
        self.schedule.record(_of_all_processes(mask.dynamic_iou).tolist())
        return mask.keep

    def finish_epoch(self, epoch: int) -> None:
        """Set the next epoch's threshold from this one's scores, and forget them."""
        self.schedule.finish_epoch(epoch)
        self.schedule.start_epoch()

    def get_extra_state(self) -> dict[str, Any]:
        """Return the masking's threshold and scores."""
        return self.schedule.state_dict()

    def set_extra_state(self, state: Mapping[str, Any]) -> None:
        """Go on from what ``get_extra_state`` returned."""
        self.schedule.load_state_dict(state)

    def weights(self) -> Mapping[str, Tensor]:
        """Return SGDepth's state."""
        return cast("Mapping[str, Tensor]", self.network.state_dict())

    def weights_metadata(self) -> Mapping[str, str]:
        """Return that it is an SGDepth, and how it was trained."""
        return {"model": "sgdepth", "recipe": "sgdepth"}

    @torch.no_grad()
    def pictures(self, batch: Batch) -> dict[str, Tensor]:
        """Return the first sample's image, depth and labels. # (H, W, 3)."""
        with looking(self.network):
            said = self.network.scene(batch["current"][:1])
        depth = depth_from_inverse_depth(said.inverse_depth)[0, 0].float().cpu().numpy()
        return {
            "image": image_picture(batch["current"]),
            "depth": torch.from_numpy(color_depth(depth)),
            "labels": torch.from_numpy(color_labels(said.labels[0].cpu().numpy())),
        }


def _network(settings: Settings) -> SGDepth:
    if settings.weights:
        network = load_sgdepth(Path(settings.weights))
        shared = len(network.scene.shared.steps)
        if shared != len(SGDepth(settings.split).scene.shared.steps):
            raise ValueError(
                f"settings.split must be that of {settings.weights}, which shares {shared} steps "
                f"of its decoder, got {settings.split}"
            )
        return network.train()
    network = drawn(lambda: SGDepth(settings.split), settings.seed)
    if settings.encoder_weights:
        fill_encoders(network, Path(settings.encoder_weights))
    return network.train()


def _of_all_processes(scores: Tensor) -> Tensor:
    """Return the scores of the whole batch: every process then masks by the same threshold."""
    if not (dist.is_available() and dist.is_initialized()):
        return scores
    gathered = [torch.empty_like(scores) for _ in range(dist.get_world_size())]
    dist.all_gather(gathered, scores)
    return torch.cat(gathered)
