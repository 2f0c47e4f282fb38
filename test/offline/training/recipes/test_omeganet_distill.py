"""The student of flow: whom it follows where, and that its teachers stay as they are."""

from dataclasses import replace

import pytest
import torch

from offline.training.batch import Batch
from offline.training.recipe import Progress
from offline.training.recipes.omeganet_distill import OmegaNetDistillRecipe, Settings
from scene_perception.checkpoints.omeganet import load_omeganet
from scene_perception.checkpoints.weights import save_weights

_START = Progress(0, 1, 0)
_RANDOM = Settings(begin="random", measure="robust")


def _first(batch):
    return Batch({name: tensor[:1] for name, tensor in batch.tensors.items()}, batch.names[:1])


def _exact(batch):
    """Return double precision: rectifiers turn what is rounded otherwise into other gradients."""
    pairs = batch.tensors.items()
    return Batch({n: t.double() if t.is_floating_point() else t for n, t in pairs}, batch.names)


def _total(terms):
    return torch.stack(list(terms.values())).sum()


def test_the_loss_falls_on_a_fixed_batch(tiny_batch, falls_on_fixed_batch):
    # Nothing is hidden, so that each step's loss is of the same pixels.
    settings = replace(_RANDOM, crop_columns=0, hidden=0, photometric_weight=0.0)
    recipe = OmegaNetDistillRecipe(settings)
    with torch.no_grad():
        recipe.teacher.decoder.context[-1].conv.weight.mul_(10)  # begins with little to teach
    falls_on_fixed_batch(recipe, _first(tiny_batch), 0.9, 8, learning_rate=1e-4)


def test_two_processes_give_the_gradient_of_one(tiny_batch, two_processes_equal_one):
    two_processes_equal_one(OmegaNetDistillRecipe(_RANDOM).double(), _exact(tiny_batch))


def test_slices_end_where_the_whole_run_does(resumes_exactly):
    resumes_exactly("omeganet_distill", _RANDOM)


def test_the_student_learns_and_its_teachers_do_not(tiny_batch):
    recipe = OmegaNetDistillRecipe(Settings()).train()
    before = {name: tensor.clone() for name, tensor in recipe.state_dict().items()}
    terms = recipe(_first(tiny_batch), _START)
    assert list(terms) == ["teacher", "rigid", "photometric"]
    _total(terms).backward()
    learning = {name for name, p in recipe.named_parameters() if p.grad is not None}
    assert learning == {name for name, p in recipe.named_parameters() if p.requires_grad}
    assert all(name.startswith("network.sd_ofnet.") for name in learning)
    assert all(torch.equal(before[name], t) for name, t in recipe.state_dict().items())


def test_what_a_student_sees_changes_from_step_to_step(tiny_batch):
    recipe = OmegaNetDistillRecipe(_RANDOM).eval()
    with torch.no_grad():
        totals = [_total(recipe(_first(tiny_batch), Progress(n, 9, 0))) for n in (0, 1, 0)]
    assert totals[0] == totals[2] != totals[1]


def test_its_weights_are_an_omeganet_with_the_student_s_flow(tiny_batch, tmp_path):
    recipe = OmegaNetDistillRecipe(Settings(begin="random"))
    path = tmp_path / "student.safetensors"
    save_weights(path, recipe.weights(), recipe.weights_metadata())
    images = [tiny_batch[role][:1] for role in ("previous", "current", "next")]
    with torch.no_grad():
        written = load_omeganet(path).sd_ofnet(*images).flow
        assert torch.equal(written, recipe.network.sd_ofnet(*images).flow)
        assert not torch.equal(written, recipe.teacher(*images).flow)


def test_a_crop_that_the_network_cannot_take_is_refused():
    with pytest.raises(ValueError, match="crop_columns must be a multiple of 64, got 32"):
        OmegaNetDistillRecipe(Settings(crop_columns=32))
