"""DWARF's published recipes, from scratch and on proxy labels."""

import pytest
import torch

from offline.training.batch import Batch
from offline.training.recipe import Progress
from offline.training.recipes import dwarf, dwarf_distill
from scene_perception.checkpoints.dwarf import load_dwarf
from scene_perception.checkpoints.weights import save_weights

_START = Progress(0, 1, 0)


def _corner(batch):
    cut = {n: t[..., 64:, :64] if t.shape[-1] == 128 else t for n, t in batch.tensors.items()}
    return Batch(cut, batch.names)


@pytest.fixture
def from_scratch():
    return dwarf.DwarfRecipe(dwarf.Settings())


@pytest.fixture
def on_proxies():
    return dwarf_distill.DwarfDistillRecipe(dwarf_distill.Settings())


def test_the_published_loss_falls_on_a_fixed_batch(tiny_batch, falls_on_fixed_batch):
    recipe = dwarf.DwarfRecipe(dwarf.Settings(weight_decay=0.0))
    falls_on_fixed_batch(recipe, _corner(tiny_batch), 0.9, 4, learning_rate=5e-4)


def test_fine_tuning_falls_on_a_fixed_batch(tiny_batch, falls_on_fixed_batch):
    recipe = dwarf_distill.DwarfDistillRecipe(dwarf_distill.Settings(weight_decay=0.0))
    falls_on_fixed_batch(recipe, _corner(tiny_batch), 0.9, 4, learning_rate=5e-4)


def test_two_processes_give_the_gradient_of_one(from_scratch, tiny_batch, two_processes_equal_one):
    # Rectifiers turn what is rounded otherwise into other gradients.
    two_processes_equal_one(from_scratch, _corner(tiny_batch), tolerance=1e-3)


def test_two_processes_give_the_gradient_of_one_on_proxies(
    on_proxies, tiny_batch, two_processes_equal_one
):
    tiny_batch.tensors["disparity_known"][0, :, :90] = False
    two_processes_equal_one(on_proxies, _corner(tiny_batch), tolerance=1e-3)


def test_the_refined_prediction_alone_trains_every_parameter(on_proxies, tiny_batch):
    terms = on_proxies(_corner(tiny_batch), _START)
    assert list(terms) == ["disparity", "next_disparity", "flow", "weight_decay"]
    torch.stack([terms[name] for name in ("disparity", "next_disparity", "flow")]).sum().backward()
    assert all(p.grad is not None and p.grad.any() for p in on_proxies.parameters())


def test_labels_that_are_not_known_do_not_count(on_proxies, tiny_batch):
    batch = _corner(tiny_batch)
    for name in ("disparity", "next_disparity", "flow_forward"):
        batch.tensors[f"{name}_known"] = torch.zeros_like(batch[f"{name}_known"])
    with torch.no_grad():
        terms = on_proxies(batch, _START)
    assert all(terms[name].item() == 0 for name in ("disparity", "next_disparity", "flow"))


def test_weights_are_what_loads(from_scratch, tmp_path):
    path = tmp_path / "w.safetensors"
    save_weights(path, from_scratch.weights(), from_scratch.weights_metadata())
    load_dwarf(path)
    again = dwarf_distill.DwarfDistillRecipe(dwarf_distill.Settings(weights=str(path)))
    assert torch.equal(next(again.parameters()), next(from_scratch.parameters()))


def test_other_networks_weights_are_refused(tmp_path):
    path = tmp_path / "w.safetensors"
    save_weights(path, {"a": torch.zeros(1)}, {"model": "omeganet"})
    with pytest.raises(ValueError, match="must be of dwarf"):
        dwarf.DwarfRecipe(dwarf.Settings(weights=str(path)))


def test_quiet_weights_pass_motion_on_as_it_is():
    from offline.training.dwarf_motions import initialized_dwarf

    network = initialized_dwarf("he", 0)
    layer = network.scene_flow_decoder.levels["level_4"].heads["flow"].upsample_motion
    motion = torch.full((1, 2, 4, 4), 3.0)
    motion[:, 1] = -1.0
    larger = layer(motion)[..., 1:-1, 1:-1]
    assert torch.allclose(larger[:, 0], torch.tensor(3.0))
    assert torch.allclose(larger[:, 1], torch.tensor(-1.0))


@pytest.mark.parametrize(
    ("name", "settings"),
    [("dwarf", dwarf.Settings()), ("dwarf_distill", dwarf_distill.Settings())],
)
def test_a_run_in_slices_ends_as_the_whole_run(name, settings, resumes_exactly):
    resumes_exactly(name, settings)
