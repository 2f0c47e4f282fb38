"""What the tests of every recipe share: a tiny batch with right geometry, and three checks.

``falls_on_fixed_batch(recipe, batch, factor, steps)``: the loss falls to ``factor`` of the first.
``two_processes_equal_one(recipe, batch)``: as DDP needs it; names what differs.
"""

import copy
import sys
from pathlib import Path

import pytest
import torch

# Spawned processes find the tiny recipe by this as well.
sys.path.append(str(Path(__file__).parent))

from tiny_recipe import Settings, TinyRecipe
from tiny_scene import Scene

from offline.training.batch import Batch
from offline.training.gradient_check import Processes, difference, step_alone
from offline.training.recipe import Progress


@pytest.fixture(scope="session")
def tiny_samples():
    """Two samples of every name, 128x128 px: dictionaries without a leading B."""
    return [Scene(shift=shift).sample() for shift in (0.0, 0.6)]


@pytest.fixture
def tiny_batch(tiny_samples):
    """Both samples as one batch; yours to write to."""
    names = tiny_samples[0]
    stacked = {name: torch.stack([sample[name] for sample in tiny_samples]) for name in names}
    return Batch(stacked, ("tiny 0", "tiny 1"))


@pytest.fixture
def tiny_recipe():
    torch.manual_seed(0)
    return TinyRecipe(Settings())


@pytest.fixture
def falls_on_fixed_batch():
    """Train on one batch and hold that the sum of the terms falls to ``factor`` of the first."""

    def check(recipe, batch, factor, steps, learning_rate=1e-3):
        recipe.train()
        optimizer = torch.optim.Adam(recipe.parameter_groups(learning_rate))
        totals = []
        for step in range(steps):
            optimizer.zero_grad()
            total = torch.stack(list(recipe(batch, Progress(step, steps, 0)).values())).sum()
            torch.autograd.backward(total)
            optimizer.step()
            totals.append(float(total.detach()))
        assert totals[-1] <= factor * totals[0], totals

    return check


@pytest.fixture(scope="session")
def two_processes():
    """Two gloo processes, started once for all tests that ask for them."""
    with Processes(2) as processes:
        yield processes


@pytest.fixture
def two_processes_equal_one(two_processes):
    """Hold that two processes with half the batch each give one process's terms and gradient."""

    def check(recipe, batch, tolerance=1e-4, progress=Progress(0, 1, 0)):  # noqa: B008
        recipe.train()
        together = two_processes.step(recipe, batch, progress)
        alone = step_alone(copy.deepcopy(recipe), batch, progress)
        assert alone.gradients
        assert not difference(alone, together, tolerance)

    return check
