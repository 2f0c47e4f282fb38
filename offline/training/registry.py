"""Recipes by the names that configuration files know them by; a module is imported when asked for.

Each is a class ``NameRecipe(settings: Settings)`` beside the frozen dataclass ``Settings``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from offline.training.recipe import Recipe


@dataclass(frozen=True)
class RecipeEntry:
    """Where a recipe is.

    Attributes:
        path: ``module:Class``.
    """

    path: str

    @property
    def settings(self) -> type[Any]:
        """The frozen dataclass of its settings."""
        settings: type[Any] = getattr(import_module(self._module), "Settings")  # noqa: B009
        return settings

    def build(self, settings: object) -> Recipe:
        """Return the recipe with its networks, ready to be trained.

        Args:
            settings: an instance of ``self.settings``.

        Raises:
            OSError, ValueError: for weights to begin with that cannot be read.
        """
        recipe: Recipe = getattr(import_module(self._module), self._name)(settings)
        return recipe

    @property
    def _module(self) -> str:
        return self.path.partition(":")[0]

    @property
    def _name(self) -> str:
        return self.path.partition(":")[2]


_FOLDER = "offline.training.recipes"

RECIPES: Mapping[str, RecipeEntry] = {
    "supervised": RecipeEntry(f"{_FOLDER}.supervised:SupervisedRecipe"),
    "omeganet_depth": RecipeEntry(f"{_FOLDER}.omeganet_depth:OmegaNetDepthRecipe"),
    "omeganet_flow": RecipeEntry(f"{_FOLDER}.omeganet_flow:OmegaNetFlowRecipe"),
    "omeganet_distill": RecipeEntry(f"{_FOLDER}.omeganet_distill:OmegaNetDistillRecipe"),
    "sgdepth": RecipeEntry(f"{_FOLDER}.sgdepth:SGDepthRecipe"),
    "insta_dm": RecipeEntry(f"{_FOLDER}.insta_dm:InstaDMRecipe"),
    "dwarf": RecipeEntry(f"{_FOLDER}.dwarf:DwarfRecipe"),
    "dwarf_distill": RecipeEntry(f"{_FOLDER}.dwarf_distill:DwarfDistillRecipe"),
}


def recipe_entry(name: str) -> RecipeEntry:
    """Return a recipe's entry.

    Raises:
        ValueError: for a name that is not in ``RECIPES``.
    """
    if name not in RECIPES:
        raise ValueError(f"recipe must be one of {', '.join(RECIPES)}, got {name!r}")
    return RECIPES[name]
