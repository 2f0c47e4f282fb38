"""What the tests of every recipe share: a tiny batch with right geometry, and three checks.

``falls_on_fixed_batch(recipe, batch, factor, steps)``: the loss falls to ``factor`` of the first.
``two_processes_equal_one(recipe, batch)``: as DDP needs it; names what differs.
``resumes_exactly(name, settings)``: a run in two slices ends as one in one piece, to the bit.
"""

import copy
import dataclasses
import sys
from pathlib import Path

import pytest
import torch

# Spawned processes find the tiny recipe by this as well.
sys.path.append(str(Path(__file__).parent))

from tiny_recipe import Settings, TinyRecipe
from tiny_scene import Scene

from offline.training.batch import Batch
from offline.training.checkpoint import STATE
from offline.training.config import Schedule, TrainConfig, Validation
from offline.training.gradient_check import Processes, difference, step_alone
from offline.training.loop import train
from offline.training.recipe import Progress
from offline.training.registry import RECIPES, RecipeEntry
from offline.training.sources import StoredSource


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
def tiny_entry(monkeypatch):
    """The tiny recipe under the name ``tiny``."""
    entry = RecipeEntry("tiny_recipe:TinyRecipe")
    monkeypatch.setitem(RECIPES, "tiny", entry)
    return entry


@pytest.fixture
def tiny_source(tiny_samples):
    """The tiny samples as a source that training reads."""
    return StoredSource([(sample, f"tiny {n}") for n, sample in enumerate(tiny_samples)])


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


@pytest.fixture
def resumes_exactly(tmp_path, tiny_source):
    """Hold that slices of a run leave the state that the whole run leaves, bit for bit."""

    def check(name, settings, steps=2):
        config = TrainConfig(
            recipe=name,
            settings=settings,
            height=128,
            width=128,
            schedule=Schedule(warmup_steps=0),
            steps=steps,
            steps_per_epoch=1,
            batch_size=2,
            workers=0,
            device="cpu",
            validation=Validation(every=0),
            pictures_every=0,
        )
        states = []
        for folder, slices in (("whole", [None]), ("sliced", [0.0] * (steps - 1) + [None])):
            output = tmp_path / folder
            for slice_s in slices:
                one = dataclasses.replace(config, output=str(output))
                train(one, slice_s=slice_s, sources=[tiny_source])
            states.append(torch.load(output / STATE, weights_only=True))
        assert states[0]["step"] == steps
        _require_equal(*states)

    return check


def _require_equal(one, other):
    assert type(one) is type(other)
    if isinstance(one, torch.Tensor):
        assert torch.equal(one, other)
    elif isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            _require_equal(one[key], other[key])
    elif isinstance(one, (list, tuple)):
        assert len(one) == len(other)
        for pair in zip(one, other, strict=True):
            _require_equal(*pair)
    else:
        assert one == other
