"""The smallest recipe that has what the loop must handle: batch norm, masks, a state of its own."""

from dataclasses import dataclass

import torch
from torch import nn

from offline.losses.reductions import mean_over
from offline.training.recipe import Recipe
from scene_perception.settings import setting


@dataclass(frozen=True)
class Settings:
    """Of the tiny recipe."""

    channels: int = setting(4, "of the one hidden layer", minimum=1, maximum=64)
    weight: float = setting(1.0, "of the depth's error", minimum=0.0)
    names: tuple[str, ...] = setting(("depth", "labels"), "what it learns")


class TinyRecipe(Recipe):
    """Learns inverse depth and whether something moves."""

    needs = ("current", "depth", "moving")

    def __init__(self, settings):
        super().__init__()
        self.settings = settings
        self.network = nn.Sequential(
            nn.Conv2d(3, settings.channels, 3, padding=1, stride=4),
            nn.BatchNorm2d(settings.channels),
            nn.ReLU(),
            nn.Conv2d(settings.channels, 2, 1),
        )
        self.epochs = 0

    def forward(self, batch, progress):
        inverse, moving = self.network(batch["current"]).unbind(1)
        depth = batch["depth"][:, 0, ::4, ::4]
        error = (inverse - 1 / depth.clamp(min=0.1)).square()
        target = batch["moving"][:, 0, ::4, ::4].float()
        return {
            "depth": self.settings.weight * mean_over(error, depth > 0),
            "motion": mean_over(
                nn.functional.binary_cross_entropy_with_logits(moving, target, reduction="none"),
                batch["labels"][:, ::4, ::4] != 2,
            ),
        }

    def weights(self):
        return self.network.state_dict()

    def weights_metadata(self):
        return {"model": "tiny"}

    def finish_epoch(self, epoch):
        self.epochs += 1

    def get_extra_state(self):
        return {"epochs": self.epochs}

    def set_extra_state(self, state):
        self.epochs = state["epochs"]

    def pictures(self, batch):
        image = (batch["current"][0].permute(1, 2, 0) * 255).to(torch.uint8)
        return {"current": image}


class LocalMeanRecipe(TinyRecipe):
    """Averages over what its own process knows, which is wrong for several."""

    def forward(self, batch, progress):
        known = batch["depth"][:, :, ::4, ::4] > 0
        return {"depth": (self.network(batch["current"])[:, :1] - 1).square()[known].mean()}
