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
    Measure,
    flow_photometric_loss,
    flow_smoothness,
)
from offline.losses.occlusion import ends_inside, occluded
from offline.training.batch import Batch
from offline.training.omeganet_parts import (
    evaluated,
    freeze,
    omeganet_from,
    omeganet_state,
    require_weights,
)
from offline.training.recipe import Progress, Recipe
from scene_perception.models.sd_ofnet import SDOFNet
from scene_perception.visualization import color_flow

_LEAST_SEEN = 0.2  # of an image, for the check to be believed


@dataclass(frozen=True)
class Settings:
    """How the teacher is trained.

    Attributes:
        weights: of an OmegaNet to begin with; empty for random ones.
        seed: of random weights.
        measure: ``census``, ``robust`` (the published one without census) or ``ssim``.
        occlusion_from: share of the run, 0..1, from which on occluded pixels are left out; before,
            all that stay in the image count, as the check says nothing of untrained flow.
        both_ends: train the flows back to the current image as well, which the check reads; False
            estimates them without a gradient, in half the time.
        photometric_weight: of all flows' mean error.
        smoothness_weight: of the flows in px.
        edge_sharpness: of the image's edges in the smoothness.

    Raises:
        ValueError: for a setting that breaks its rule.
    """

    weights: str = ""
    seed: int = 0
    measure: Measure = "census"
    occlusion_from: float = 0.3
    both_ends: bool = True
    photometric_weight: float = 1.0
    smoothness_weight: float = 0.05
    edge_sharpness: float = 10.0

    def __post_init__(self) -> None:
        if self.measure not in MEASURES:
            raise ValueError(f"measure must be one of {', '.join(MEASURES)}, got {self.measure!r}")
        if not 0 <= self.occlusion_from <= 1:
            raise ValueError(f"occlusion_from must be in 0..1, got {self.occlusion_from}")
        if not self.edge_sharpness > 0:
            raise ValueError(f"edge_sharpness must be > 0, got {self.edge_sharpness}")
        require_weights(self)


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
        network = self.network.sd_ofnet
        if not (checked or self.settings.both_ends):
            to_next, to_previous = network.both_directions(previous, current, following)
            return [
                Pair(current, following, to_next, to_next),
                Pair(current, previous, to_previous, to_previous),
            ]
        with torch.set_grad_enabled(self.settings.both_ends and torch.is_grad_enabled()):
            from_next, from_previous = flows_back(network, previous, current, following)
        to_next, to_previous = network.both_directions(previous, current, following)
        pairs = [
            Pair(current, following, to_next.float(), from_next.float()),
            Pair(current, previous, to_previous.float(), from_previous.float()),
            Pair(following, current, from_next.float(), to_next.float()),
            Pair(previous, current, from_previous.float(), to_previous.float()),
        ]
        return pairs if self.settings.both_ends else pairs[:2]

    def weights(self) -> Mapping[str, Tensor]:
        """Return a whole OmegaNet's state, with the teacher as its flow network."""
        return omeganet_state(self.network)

    def weights_metadata(self) -> Mapping[str, str]:
        """Return that it is an OmegaNet, and what was trained."""
        return {"model": "omeganet", "recipe": "omeganet_flow"}

    @torch.no_grad()
    def pictures(self, batch: Batch) -> dict[str, Tensor]:
        """Return the flow of the first sample. # (H, W, 3)."""
        images = [batch[role][:1] for role in self.needs]
        with evaluated(self.network):
            flow = self.network.sd_ofnet(*images).flow[0]
        return {"flow": torch.from_numpy(color_flow(flow.permute(1, 2, 0).cpu().numpy()))}


def flows_back(
    network: SDOFNet, previous: Tensor, current: Tensor, following: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the flows from the next and from the previous image to the current one.

    # (B, 3, H, W) each -> 2 x (B, 2, H, W)
    """
    _, from_next = network.both_directions(current, following, following)
    from_previous, _ = network.both_directions(previous, previous, current)
    return from_next, from_previous


def flow_error(pair: Pair, measure: Measure, checked: bool) -> Tensor:
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
