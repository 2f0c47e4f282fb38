"""OmegaNet's teacher of optical flow: three images, no known flow.

After DDFlow and SelFlow (Liu et al., AAAI and CVPR 2019): the images that flow explains must look
alike wherever the other image shows the pixel. That is decided by a forward-backward check, for
which the flows back to the current image are estimated too, from pairs whose third image is one
of the two: there is no frame beyond the three.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from offline.losses.flow_photometric import (
    MEASURES,
    flow_photometric_loss,
    flow_smoothness,
)
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
from scene_perception.models.sd_ofnet import SDOFNet
from scene_perception.settings import check, setting

_LEAST_SEEN = 0.2  # of an image, for the check to be believed


@dataclass(frozen=True)
class Settings:
    """How the teacher is trained."""

    weights: str = setting("", "OmegaNet to begin with (.safetensors); empty: random weights")
    seed: int = setting(0, "of random weights", minimum=0)
    measure: str = setting(
        "census", "of unlikeness; robust is the published one without census", choices=MEASURES
    )
    occlusion_from: float = setting(
        0.3, "share of the run from which on occluded pixels are left out: the check says nothing "
        "of untrained flow", minimum=0, maximum=1,
    )  # fmt: skip
    both_ends: bool = setting(
        True, "train the flows back to the current image too; else only the check reads them"
    )
    photometric_weight: float = setting(1.0, "of all flows' mean error", minimum=0)
    smoothness_weight: float = setting(0.05, "of the flows' changes, px", minimum=0)
    edge_sharpness: float = setting(10.0, "by which an image's edges allow changes", minimum=0)


class Pair(NamedTuple):
    """Flow between two images, and the flow back, which tells occlusions.

    All are (B, 3, H, W) or (B, 2, H, W).
    """

    target: Tensor
    source: Tensor
    flow: Tensor
    reverse: Tensor


class OmegaNetFlowRecipe(Recipe):
    """SD-OFNet's architecture as the teacher; depth and camera networks are kept as they are.

    Args:
        settings: how it is trained.

    Raises:
        FileNotFoundError, ValueError: for weights to begin with that cannot be read.
    """

    needs = ("previous", "current", "next")
    tasks = ("flow",)

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        check(settings)
        self.settings = settings
        self.network = omeganet_from(settings.weights, settings.seed)
        self._keep_frozen()

    def train(self, mode: bool = True) -> OmegaNetFlowRecipe:
        """Set training, but of what is kept as it is."""
        super().train(mode)
        self._keep_frozen()
        return self

    def _keep_frozen(self) -> None:
        freeze(self.network.dsnet, self.network.camera_net)

    def forward(self, batch: Batch, progress: Progress) -> dict[str, Tensor]:
        """Return ``photometric`` and ``smoothness``."""
        settings = self.settings
        checked = progress.step >= settings.occlusion_from * progress.steps
        previous, current, following = batch["previous"], batch["current"], batch["next"]
        pairs = self._pairs(previous, current, following, checked)
        errors = [flow_error(pair, settings.measure, checked) for pair in pairs]
        smooth = [flow_smoothness(p.flow, p.target, settings.edge_sharpness) for p in pairs]
        return {
            "photometric": settings.photometric_weight * torch.stack(errors).mean(),
            "smoothness": settings.smoothness_weight * torch.stack(smooth).mean(),
        }

    def _pairs(
        self, previous: Tensor, current: Tensor, following: Tensor, checked: bool
    ) -> list[Pair]:
        network, trains = self.network.sd_ofnet, self.settings.both_ends
        to_next, to_previous = map(exact, network.both_directions(previous, current, following))
        from_next, from_previous = to_next, to_previous  # which nobody reads, if not checked
        if checked or trains:
            with torch.set_grad_enabled(trains and torch.is_grad_enabled()):
                from_next, from_previous = map(
                    exact, flows_back(network, previous, current, following)
                )
        pairs = [
            Pair(current, following, to_next, from_next),
            Pair(current, previous, to_previous, from_previous),
            Pair(following, current, from_next, to_next),
            Pair(previous, current, from_previous, to_previous),
        ]
        return pairs if trains else pairs[:2]

    def weights(self) -> Mapping[str, Tensor]:
        """Return a whole OmegaNet's state, with the teacher as its flow network."""
        return omeganet_state(self.network)

    def weights_metadata(self) -> Mapping[str, str]:
        """Return that it is an OmegaNet, and what was trained."""
        return {"model": "omeganet", "recipe": "omeganet_flow"}

    def pictures(self, batch: Batch) -> dict[str, Tensor]:
        """Return what the network says of the first sample."""
        return omeganet_pictures(self.network, batch)


def flows_back(
    network: SDOFNet, previous: Tensor, current: Tensor, following: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the flows from the next and from the previous image to the current one.

    # (B, 3, H, W) each -> 2 x (B, 2, H, W)
    """
    _, from_next = network.both_directions(current, following, following)
    from_previous, _ = network.both_directions(previous, previous, current)
    return from_next, from_previous


def flow_error(pair: Pair, measure: str, checked: bool) -> Tensor:
    """Return the photometric loss of a pair, a scalar.

    Args:
        pair: of images with their flows.
        measure: of the difference.
        checked: leave out what the check calls occluded, not only what leaves the image.
    """
    visible = inside = ends_inside(pair.flow)
    if checked:
        seen = ~occluded(pair.flow, pair.reverse)
        # Flows that contradict each other everywhere would else be left alone, as nothing counts.
        believed = seen.sum((1, 2, 3), keepdim=True) > _LEAST_SEEN * seen[0].numel()
        visible = torch.where(believed, seen, inside)
    return flow_photometric_loss(pair.target, pair.source, pair.flow, visible, measure)
