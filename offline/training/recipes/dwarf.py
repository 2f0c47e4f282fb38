"""DWARF from scratch with its published loss, from dense truth (Aleotti et al., AAAI 2020).

Published: FlyingThings3D, crops of 384x768, batches of 4, Adam at 1e-4, halved at 400, 600, 800
and 1000 thousand of 1.2 million steps.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from offline.losses.dwarf import TERMS, WEIGHT_DECAY, Truth, pyramid_loss, weight_decay
from offline.training import truth
from offline.training.batch import Batch
from offline.training.dwarf_motions import Motions, initialized_dwarf, motions
from offline.training.initialization import INITIALIZATIONS
from offline.training.pictures import scene_flow_pictures
from offline.training.recipe import Progress, Recipe
from scene_perception.checkpoints.weights import fill, load_model
from scene_perception.settings import check, setting

_IMAGES = ("current", "right", "next", "next_right")
_TRUTH = {"disparity": "disparity", "next_disparity": "next_disparity", "flow": "flow_forward"}


@dataclass(frozen=True)
class Settings:
    """From which weights on, and how large they may become."""

    weights: str = setting("", "weights to begin with (.safetensors); empty: random ones")
    initialization: str = setting(
        "xavier", "of random weights; xavier is published", choices=INITIALIZATIONS
    )
    seed: int = setting(0, "of random weights", minimum=0)
    weight_decay: float = setting(
        WEIGHT_DECAY, "of the sum of all squared weights in the loss (published)", minimum=0
    )


class PublishedRecipe(Recipe):
    """What training from scratch and fine-tuning share; subclasses choose the loss.

    Args:
        settings: ``Settings`` of this module or of ``dwarf_distill``.
        name: of the recipe.

    Raises:
        OSError, ValueError: for a setting that breaks its rule, or weights that cannot be read.
    """

    tasks = ("scene_flow",)
    needs = (*_IMAGES, *(f"{n}{end}" for n in _TRUTH.values() for end in ("", "_known")))

    def __init__(self, settings: Settings, name: str) -> None:
        super().__init__()
        check(settings)
        self._name, self._decay = name, settings.weight_decay
        self.network = initialized_dwarf(settings.initialization, settings.seed)
        if settings.weights:
            path = Path(settings.weights)
            fill(self.network, load_model(path, ("dwarf",)), path)

    @abstractmethod
    def losses(self, said: Motions, known: Truth) -> dict[str, Tensor]:
        """Return the terms of ``losses.dwarf.TERMS``."""

    def forward(self, batch: Batch, progress: Progress) -> dict[str, Tensor]:
        """Return the terms of disparity, next disparity and flow, and the weights' decay."""
        left, right, following, next_right = (batch[name] for name in _IMAGES)
        said = motions(self.network, (left, right, following, next_right))
        found = self.losses(said, {name: truth.displacement(batch, _TRUTH[name]) for name in TERMS})
        if self._decay:
            found["weight_decay"] = weight_decay(self.network.parameters(), self._decay)
        return found

    def weights(self) -> Mapping[str, Tensor]:
        """Return the network's state."""
        state: Mapping[str, Tensor] = self.network.state_dict()
        return state

    def weights_metadata(self) -> Mapping[str, str]:
        """Return which model it is, and by which recipe."""
        return {"model": "dwarf", "recipe": self._name}

    def pictures(self, batch: Batch) -> dict[str, Tensor]:
        """Return what the network says of the first sample."""
        return scene_flow_pictures(self.network, batch)


class DwarfRecipe(PublishedRecipe):
    """Every level against the truth averaged down to its size.

    Args:
        settings: of this module.

    Raises:
        OSError, ValueError: as ``PublishedRecipe``.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, "dwarf")

    def losses(self, said: Motions, known: Truth) -> dict[str, Tensor]:
        """Return the published terms of levels 6 to 2, the last one refined."""
        finest = min(said.levels)
        return pyramid_loss({**said.levels, finest: said.refined}, known)
