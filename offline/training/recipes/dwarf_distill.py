"""DWARF fine-tuned on proxy labels, mixed with measured ones by list (Aleotti et al., AAAI 2020).

Labels of both kinds count alike; those that are not known, or that ``offline.distill`` did not
trust, do not count. Published: crops of 320x896 of KITTI 2015, batches of 4, Adam at 3e-5, halved
at 25, 35 and 45 of 50 thousand steps, from the weights that FlyingThings3D gave.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from offline.losses.dwarf import Truth, fine_tuning_loss
from offline.training.dwarf_motions import Motions
from offline.training.recipes import dwarf


@dataclass(frozen=True)
class Settings(dwarf.Settings):
    """As of ``dwarf``; ``weights`` should be those of a trained network."""


class DwarfDistillRecipe(dwarf.PublishedRecipe):
    """The refined prediction alone, at the images' size.

    Args:
        settings: of this module.

    Raises:
        OSError, ValueError: as ``PublishedRecipe``.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, "dwarf_distill")

    def losses(self, said: Motions, known: Truth) -> dict[str, Tensor]:
        """Return the published terms of the refined level 2."""
        return fine_tuning_loss(said.refined, known)
