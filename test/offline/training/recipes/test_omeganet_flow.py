"""The teacher of flow: what counts, what learns, and on how many processes."""

from dataclasses import replace

import pytest
import torch

from offline.training.batch import Batch
from offline.training.recipe import Progress
from offline.training.recipes.omeganet_flow import (
    OmegaNetFlowRecipe,
    Pair,
    Settings,
    flow_error,
)

_ONE_END = Settings(both_ends=False, measure="ssim", smoothness_weight=0.01)


def _exact(batch):
    """Return double precision: rectifiers turn what is rounded otherwise into other gradients."""
    pairs = batch.tensors.items()
    return Batch({n: t.double() if t.is_floating_point() else t for n, t in pairs}, batch.names)


@pytest.fixture
def small(tiny_batch):
    """Corners of both samples, as large as the flow network needs."""
    roles = ("previous", "current", "next")
    return Batch({role: tiny_batch[role][..., 64:, 64:] for role in roles}, tiny_batch.names)


def _shifted():
    """Return three views of a texture that moves by 3 px from one to the next."""
    generator = torch.Generator().manual_seed(0)
    coarse, fine = (
        torch.nn.functional.interpolate(
            torch.rand(1, 3, cells, cells, generator=generator), (160, 160), mode="bicubic"
        )
        for cells in (24, 80)
    )
    texture = (coarse.clamp(0, 1) + 0.3 * fine).clamp(0, 1)
    views = {
        role: texture[..., 16:144, 16 + shift : 144 + shift]
        for role, shift in (("previous", -3), ("current", 0), ("next", 3))
    }
    return Batch(views, ("texture",))


def test_the_loss_falls_on_a_fixed_batch(falls_on_fixed_batch):
    recipe = OmegaNetFlowRecipe(replace(_ONE_END, occlusion_from=1.0))
    falls_on_fixed_batch(recipe, _shifted(), 0.9, 8, learning_rate=1e-4)


def test_two_processes_give_the_gradient_of_one(small, two_processes_equal_one):
    recipe = OmegaNetFlowRecipe(replace(_ONE_END, measure="census")).double()
    two_processes_equal_one(recipe, _exact(small), progress=Progress(1, 2, 0))


def test_slices_end_where_the_whole_run_does(resumes_exactly):
    resumes_exactly("omeganet_flow", _ONE_END)


@pytest.mark.parametrize("step", [0, 1])
def test_the_flow_network_learns_and_nothing_else(small, step):
    recipe = OmegaNetFlowRecipe(Settings(occlusion_from=0.5)).train()
    terms = recipe(small, Progress(step, 2, 0))
    assert list(terms) == ["photometric", "smoothness"]
    torch.stack(list(terms.values())).sum().backward()
    learning = {n for n, p in recipe.named_parameters() if p.grad is not None and p.grad.any()}
    assert learning == {n for n, p in recipe.named_parameters() if p.requires_grad}
    assert {name.split(".")[1] for name in learning} == {"sd_ofnet"}
    assert not recipe.network.dsnet.training


def _pair(flow_px, reverse_px):
    image = torch.rand(1, 3, 16, 32, generator=torch.Generator().manual_seed(0))
    flow, reverse = torch.zeros(1, 2, 16, 32), torch.zeros(1, 2, 16, 32)
    flow[:, 0], reverse[:, 0] = flow_px, reverse_px
    return Pair(image, image.roll(2, 3), flow, reverse)


def test_occluded_pixels_are_left_out_once_the_check_is_asked():
    pair = _pair(2.0, -2.0)
    pair.flow[..., 8:20] = 7.0  # wrong, and not led back
    assert flow_error(pair, "ssim", True) < 0.5 * flow_error(pair, "ssim", False)


def test_a_check_that_leaves_nothing_is_not_believed():
    pair = _pair(5.0, 5.0)
    assert flow_error(pair, "ssim", True) == flow_error(pair, "ssim", False) > 0.1


def test_an_unknown_measure_is_refused():
    with pytest.raises(ValueError, match="measure must be one of census, robust, ssim, got 'l1'"):
        OmegaNetFlowRecipe(Settings(measure="l1"))
