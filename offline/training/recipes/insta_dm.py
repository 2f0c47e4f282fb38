"""Insta-DM: depth, ego-motion and the motion of instances, from images alone.

Lee et al., AAAI 2021; ``train.py`` of the published code. Instances come from the batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import torch
from torch import Tensor

from offline.losses.insta_dm import (
    InstaDMLosses,
    InstaDMSettings,
    InstaDMWeights,
    insta_dm_losses,
)
from offline.losses.projection import ProjectionSettings
from offline.training.batch import Batch
from offline.training.insta_dm_chain import ReferenceFrame, describe
from offline.training.instance_pairs import (
    Pairs,
    Side,
    associated_pairs,
    carried_pairs,
    no_pairs,
)
from offline.training.omeganet_parts import full_precision
from offline.training.pictures import image_picture, looking
from offline.training.recipe import Progress, Recipe
from offline.training.resnet_start import drawn, fill_encoders
from scene_perception.checkpoints.insta_dm import load_insta_dm
from scene_perception.geometry.disparity import depth_from_inverse_depth
from scene_perception.models.insta_dm import InstaDM
from scene_perception.settings import setting
from scene_perception.visualization import color_depth

_SIDES: tuple[Side, ...] = ("previous", "next")
_PER_SIDE = {
    "carried": (
        *("flow_backward", "flow_backward_known", "occluded_previous"),
        *("flow_forward", "flow_forward_known", "occluded_next"),
    ),
    "associated": ("flow_backward", "flow_forward", "previous_instances", "next_instances"),
}


@dataclass(frozen=True)
class Settings:
    """How Insta-DM is trained; the defaults are those of the published scripts."""

    weights: str = setting("", "Insta-DM to begin with; empty: random weights")
    encoder_weights: str = setting("", "ResNet-18 with torchvision's names, for all encoders; "
                                   "empty: random weights")  # fmt: skip
    seed: int = setting(0, "of random weights", minimum=0)
    instances: str = setting(
        "carried",
        "carried: the current frame's, by exact flow; associated: those of all frames, by flow; "
        "none: nothing moves by itself",
        choices=("carried", "associated", "none"),
    )
    max_instances: int = setting(2, "of a pair of frames, the largest ones", minimum=1, maximum=20)
    photo_weight: float = setting(2.0, "of the photometric term", minimum=0)
    geometry_weight: float = setting(1.0, "of the depths' consistency", minimum=0)
    smooth_weight: float = setting(0.1, "of the depths' smoothness", minimum=0)
    scale_weight: float = setting(0.02, "of instances' heights", minimum=0)
    motion_weight: float = setting(0.1, "of motions there and back", minimum=0)
    height_weight: float = setting(0.0, "of the height prior itself", minimum=0)
    depth_mean_weight: float = setting(0.0, "of the mean inverse depth", minimum=0)
    motion_alpha: float = setting(5.0, "weight of translations in the motion term", minimum=0)
    max_depth_difference: float = setting(
        0.1, "pixels beyond it do not count in the motion term", minimum=0, maximum=1
    )
    ssim: bool = setting(True, "structural dissimilarity in the photometric term")
    depth_mask: bool = setting(True, "weigh colours by the depths' consistency")
    auto_mask: bool = setting(True, "only where warping helps")
    only_objects: bool = setting(False, "photometric and geometry term on instances alone")
    padding: Literal["zeros", "border"] = "zeros"
    ego_rate: float = setting(1.0, "learning rate of ego-motion, of that of depth", minimum=0)
    object_rate: float = setting(1.0, "learning rate of objects' motion, the same", minimum=0)
    height_rate: float = setting(0.1, "learning rate of the height prior, the same", minimum=0)

    @property
    def losses(self) -> InstaDMSettings:
        """The options of the losses."""
        weights = InstaDMWeights(
            photo=self.photo_weight,
            geometry=self.geometry_weight,
            smooth=self.smooth_weight,
            scale=self.scale_weight,
            motion=self.motion_weight,
            height=self.height_weight,
            depth_mean=self.depth_mean_weight,
        )
        projection = ProjectionSettings(
            self.ssim, self.depth_mask, self.auto_mask, self.only_objects, self.padding
        )
        return InstaDMSettings(weights, projection, self.motion_alpha, self.max_depth_difference)


class InstaDMRecipe(Recipe):
    """Insta-DM's three networks.

    Args:
        settings: how they are trained.

    Raises:
        FileNotFoundError: for weights to begin with that do not exist.
        ValueError: for such that cannot be read.
    """

    tasks = ("depth",)

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings
        self.network = _network(settings)
        self._losses = settings.losses
        instances = _PER_SIDE.get(settings.instances, ())
        self.needs = ("previous", "current", "next", "intrinsics")
        if instances:
            self.needs = (*self.needs, "instances", *instances)

    def forward(self, batch: Batch, progress: Progress) -> dict[str, Tensor]:
        """Return the weighted terms of the published loss, without those that weigh nothing.

        Raises:
            ValueError: naming what the batch lacks.
        """
        frames = [self._frame(batch, side) for side in _SIDES]
        intrinsics = batch["intrinsics"]
        described = describe(self.network, batch["current"], frames, intrinsics)
        with full_precision(described.image):
            losses = insta_dm_losses(
                described.image,
                described.depth,
                described.references,
                intrinsics,
                self.network.disp_net.object_height_prior,
                self._losses,
            )
            return self._weighted(losses)

    def _weighted(self, losses: InstaDMLosses) -> dict[str, Tensor]:
        weights = vars(self._losses.weights)
        return {name: weight * getattr(losses, name) for name, weight in weights.items() if weight}

    def _frame(self, batch: Batch, side: Side) -> ReferenceFrame:
        pairs = self._pairs(batch, side)
        return ReferenceFrame(batch[side], pairs.current, pairs.other)

    def _pairs(self, batch: Batch, side: Side) -> Pairs:
        maximum = self.settings.max_instances
        if self.settings.instances == "none":
            return no_pairs(batch["current"], maximum)
        if self.settings.instances == "associated":
            return associated_pairs(batch, side, maximum)
        return carried_pairs(batch, side, maximum)

    def parameter_groups(self, learning_rate: float) -> list[dict[str, Any]]:
        """Return a group of each network, and one of the height prior."""
        network, settings = self.network, self.settings
        prior = network.disp_net.object_height_prior
        depth = [p for p in network.disp_net.parameters() if p.requires_grad and p is not prior]
        groups = [(depth, 1.0), ([prior], settings.height_rate)]
        for pose_net, rate in (
            (network.ego_pose_net, settings.ego_rate),
            (network.object_pose_net, settings.object_rate),
        ):
            groups.append(([*pose_net.parameters()] if pose_net else [], rate))
        return [{"params": params, "lr": rate * learning_rate} for params, rate in groups]

    def weights(self) -> Mapping[str, Tensor]:
        """Return the state of all three networks."""
        return cast("Mapping[str, Tensor]", self.network.state_dict())

    def weights_metadata(self) -> Mapping[str, str]:
        """Return that it is an Insta-DM, and how it was trained."""
        return {"model": "insta_dm", "recipe": "insta_dm"}

    def pictures(self, batch: Batch) -> dict[str, Tensor]:
        """Return the first sample's image and depth. # (H, W, 3)."""
        with looking(self.network):
            inverse_depth = self.network(batch["current"][:1]).inverse_depth
        depth = depth_from_inverse_depth(inverse_depth)[0, 0].float().cpu().numpy()
        return {
            "image": image_picture(batch["current"]),
            "depth": torch.from_numpy(color_depth(depth)),
        }


def _network(settings: Settings) -> InstaDM:
    if settings.weights:
        network = load_insta_dm(Path(settings.weights))
        if network.ego_pose_net is None or network.object_pose_net is None:
            raise ValueError(
                f"weights {settings.weights} must hold the networks of ego-motion and of objects' "
                "motion to be trained on, convert all three published files"
            )
    else:
        network = drawn(InstaDM, settings.seed)
    if settings.encoder_weights and not settings.weights:
        fill_encoders(network, Path(settings.encoder_weights))
    # Only the finest prediction is read, in training as in inference.
    for prediction in list(network.disp_net.predictions)[1:]:
        prediction.requires_grad_(False)
    return network.train()
