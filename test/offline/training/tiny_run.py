"""A run of the tiny recipe in one of several processes, which import this by its name."""

import os

from tiny_scene import Scene

from offline.training.loop import train
from offline.training.registry import RECIPES, RecipeEntry
from offline.training.sources import StoredSource


def scenes():
    """Return four samples, two for each process."""
    return StoredSource([(Scene(shift=0.3 * n).sample(), f"tiny {n}") for n in range(4)])


def train_tiny(rank, count, config, slice_s):
    """Train as under ``torchrun``, in the group that is connected already."""
    RECIPES["tiny"] = RecipeEntry("tiny_recipe:TinyRecipe")
    names = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": count, "LOCAL_WORLD_SIZE": count}
    rest = {"GROUP_RANK": 0, "MASTER_ADDR": "localhost", "MASTER_PORT": 1}
    os.environ.update({name: str(value) for name, value in {**names, **rest}.items()})
    outcome = train(config, slice_s=slice_s, sources=[scenes()])
    return outcome.step, outcome.finished
