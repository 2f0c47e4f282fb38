"""SD-OFNet, distilled from a teacher of flow and from rigid flow (OmegaNet, section 3.3).

Teacher, depth and camera see the whole images. The student sees a crop of them with noise on
superpixels, and has to say what they say (SelFlow, Liu et al., CVPR 2019).
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from offline.losses.distillation import distillation_losses, trust_teacher
from offline.losses.flow_photometric import MEASURES, flow_photometric_loss
from offline.losses.occlusion import ends_inside, occluded
from offline.training.batch import Batch
from offline.training.omeganet_parts import (
    exact,
    freeze,
    omeganet_from,
    omeganet_state,
)
from offline.training.pictures import omeganet_pictures
from offline.training.recipe import Progress, Recipe
from offline.training.recipes.omeganet_flow import flows_back
from offline.training.student_view import hide_superpixels, random_window, sample_generator
from scene_perception.geometry.disparity import depth_from_inverse_depth
from scene_perception.geometry.warp import rigid_flow
from scene_perception.settings import check, setting

_STRIDE = 64  # of the flow network


@dataclass(frozen=True)
class Settings:
    """How the student is trained."""

    weights: str = setting(
        "", "OmegaNet whose depth, semantics and camera teach (.safetensors); empty: random weights"
    )
    teacher: str = setting(
        "", "OmegaNet whose flow teaches, of omeganet_flow; empty: that of weights"
    )
    seed: int = setting(0, "of random weights and of what is hidden", minimum=0)
    begin: str = setting("teacher", "what the student begins as", choices=("teacher", "random"))
    intrinsics: str = setting(
        "given", "the batch's or CameraNet's, for the rigid flow", choices=("given", "learned")
    )
    threshold: float = setting(
        0.5, "motion probability from which on flows are not consistent", minimum=0, maximum=1
    )
    crop_rows: int = setting(0, "rows that the student does not see", minimum=0,
                             multiple_of=_STRIDE)  # fmt: skip
    crop_columns: int = setting(64, "columns that the student does not see", minimum=0,
                                multiple_of=_STRIDE)  # fmt: skip
    superpixel_px: int = setting(400, "pixels of an average superpixel", minimum=1)
    hidden: int = setting(8, "superpixels of each source that noise hides", minimum=0)
    measure: str = setting("census", "of the photometric error", choices=MEASURES)
    teacher_weight: float = setting(0.2, "of the error against the teacher", minimum=0)
    rigid_weight: float = setting(0.025, "of the error against the rigid flow", minimum=0)
    photometric_weight: float = setting(
        1.0, "of the error of the student's own flow where the teacher is right", minimum=0
    )


class Lesson(NamedTuple):
    """What the student is to say of the current image.

    Attributes:
        teacher: the teacher's flow to the next image, px. # (B, 2, H, W)
        rigid: flow that the camera's motion explains, px. # (B, 2, H, W)
        from_teacher: which of them is learnt, bool. # (B, 1, H, W)
        visible: pixels that the next image shows, says the teacher, bool. # (B, 1, H, W)
    """

    teacher: Tensor
    rigid: Tensor
    from_teacher: Tensor
    visible: Tensor


class OmegaNetDistillRecipe(Recipe):
    """The student; everything that teaches it is kept as it is.

    Args:
        settings: how it is trained.

    Raises:
        FileNotFoundError, ValueError: for weights to begin with that cannot be read.
    """

    tasks = ("flow", "motion")

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        check(settings)
        self.settings = settings
        self.needs = ("previous", "current", "next")
        if settings.intrinsics == "given":
            self.needs += ("intrinsics",)
        self.network = omeganet_from(settings.weights, settings.seed)
        teaching = omeganet_from(settings.teacher or settings.weights, settings.seed)
        self.teacher = teaching.sd_ofnet
        if settings.begin == "teacher":
            self.network.sd_ofnet = deepcopy(self.teacher)
        else:
            self.network.sd_ofnet = omeganet_from("", settings.seed + 1).sd_ofnet
        self.network.sd_ofnet.requires_grad_(True)
        self._keep_frozen()

    def train(self, mode: bool = True) -> OmegaNetDistillRecipe:
        """Set training, but of what is kept as it is."""
        super().train(mode)
        self._keep_frozen()
        return self

    def _keep_frozen(self) -> None:
        freeze(self.network.dsnet, self.network.camera_net, self.teacher)

    def forward(self, batch: Batch, progress: Progress) -> dict[str, Tensor]:
        """Return ``teacher``, ``rigid`` and ``photometric``."""
        settings = self.settings
        lesson = self.lesson(batch)
        images = [batch[role] for role in ("previous", "current", "next")]
        generators = [sample_generator(n, progress.step, settings.seed) for n in batch.names]
        margin = settings.crop_rows, settings.crop_columns
        window = random_window(generators, (images[0].shape[2], images[0].shape[3]), margin)
        clean = [window.crop(image) for image in images]
        # The current image stays clean: a flow starts at what is seen there.
        hidden = [self._hide(clean[n], generators) for n in (0, 2)]
        flow = exact(self.network.sd_ofnet(hidden[0], clean[1], hidden[1]).flow)
        seen = Lesson(*map(window.crop, lesson))
        everywhere = torch.ones_like(seen.from_teacher)
        errors = distillation_losses(flow, seen.teacher, seen.rigid, seen.from_teacher, everywhere)
        visible = seen.from_teacher & seen.visible & ends_inside(seen.teacher)
        photometric = flow_photometric_loss(clean[1], clean[2], flow, visible, settings.measure)
        return {
            "teacher": settings.teacher_weight * errors.teacher,
            "rigid": settings.rigid_weight * errors.rigid,
            "photometric": settings.photometric_weight * photometric,
        }

    def _hide(self, images: Tensor, generators: list[torch.Generator]) -> Tensor:
        settings = self.settings
        return hide_superpixels(
            images, generators, pixels=settings.superpixel_px, hidden=settings.hidden
        )

    @torch.no_grad()
    def lesson(self, batch: Batch) -> Lesson:
        """Return what depth, camera and teacher say of whole images."""
        images = batch["previous"], batch["current"], batch["next"]
        depth = self.network.dsnet(images[1])
        camera = self.network.camera_net(*images)
        given = self.settings.intrinsics == "given"
        intrinsics = batch["intrinsics"] if given else exact(camera.intrinsics)
        rigid = rigid_flow(
            depth_from_inverse_depth(exact(depth.inverse_depth)),
            exact(camera.next_from_current),
            intrinsics,
        )
        teacher = exact(self.teacher(*images).flow)
        from_next, _ = flows_back(self.teacher, *images)
        chosen = trust_teacher(teacher, rigid, depth.labels, self.settings.threshold)
        return Lesson(teacher, rigid, chosen, ~occluded(teacher, exact(from_next)))

    def weights(self) -> Mapping[str, Tensor]:
        """Return a whole OmegaNet's state, with the student as its flow network."""
        return omeganet_state(self.network)

    def weights_metadata(self) -> Mapping[str, str]:
        """Return that it is an OmegaNet, and what was trained."""
        return {"model": "omeganet", "recipe": "omeganet_distill"}

    def pictures(self, batch: Batch) -> dict[str, Tensor]:
        """Return what the network says of the first sample."""
        return omeganet_pictures(self.network, batch)
