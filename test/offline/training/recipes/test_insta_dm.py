import dataclasses

import pytest
import torch

from offline.losses.insta_dm import insta_dm_losses
from offline.training.batch import Batch
from offline.training.insta_dm_chain import describe
from offline.training.recipe import Progress
from offline.training.recipes.insta_dm import InstaDMRecipe, Settings
from scene_perception.checkpoints.insta_dm import load_insta_dm
from scene_perception.checkpoints.weights import save_weights

SETTINGS = Settings(instances="carried")


@pytest.fixture
def recipe(thin):
    return InstaDMRecipe(SETTINGS)


def test_the_loss_falls_by_a_third_on_a_fixed_batch(recipe, small_batch, falls_on_fixed_batch):
    falls_on_fixed_batch(recipe, small_batch, factor=0.67, steps=6, learning_rate=3e-3)


def test_two_processes_give_the_gradient_of_one_although_one_has_no_instances(
    recipe, small_batch, two_processes_equal_one
):
    small_batch["instances"][1] = 0
    # Rounding shifts pixels at the border of masks.
    two_processes_equal_one(recipe, small_batch, tolerance=1e-3)


def test_a_run_in_slices_ends_as_one_in_one_piece(thin, resumes_exactly):
    resumes_exactly("insta_dm", SETTINGS)


def test_terms_are_those_of_the_published_chain(recipe, small_batch):
    frames = [recipe._frame(small_batch, side) for side in ("previous", "next")]
    torch.manual_seed(0)
    terms = recipe(small_batch, Progress(0, 1, 0))
    assert list(terms) == ["photo", "geometry", "smooth", "scale", "motion"]
    described = describe(recipe.network, small_batch["current"], frames, small_batch["intrinsics"])
    prior = recipe.network.disp_net.object_height_prior
    losses = insta_dm_losses(*described, small_batch["intrinsics"], prior, SETTINGS.losses)
    assert torch.stack(list(terms.values())).sum().item() == pytest.approx(losses.total.item())


def test_the_height_prior_learns_at_a_tenth_of_the_rate(recipe):
    groups = recipe.parameter_groups(1e-4)
    assert [group["lr"] for group in groups] == [1e-4, pytest.approx(1e-5), 1e-4, 1e-4]
    assert groups[1]["params"][0] is recipe.network.disp_net.object_height_prior
    grouped = [parameter for group in groups for parameter in group["params"]]
    trained = [p for p in recipe.parameters() if p.requires_grad]
    assert len(grouped) == len(trained) == len(set(grouped))


def test_heads_that_nothing_reads_are_not_trained(recipe):
    heads = recipe.network.disp_net.predictions
    assert [head.conv.weight.requires_grad for head in heads] == [True, False, False, False]


def test_without_instances_no_flow_is_needed(recipe, small_batch):
    other = InstaDMRecipe.__new__(InstaDMRecipe)
    torch.nn.Module.__init__(other)
    other.settings = dataclasses.replace(SETTINGS, instances="none")
    pairs = other._pairs(Batch({"current": small_batch["current"]}, small_batch.names), "next")
    assert pairs.current.shape == (2, 3, 64, 64)
    assert not pairs.current.any()
    assert recipe.needs[-1] == "occluded_next"


def test_weights_are_what_inference_loads(recipe, tmp_path):
    save_weights(tmp_path / "w.safetensors", recipe.weights(), recipe.weights_metadata())
    network = load_insta_dm(tmp_path / "w.safetensors")
    prior = network.disp_net.object_height_prior.item()
    assert prior == recipe.network.disp_net.object_height_prior.item()
    assert network.object_pose_net is not None


def test_weights_without_pose_networks_are_refused(recipe, tmp_path):
    depth = {n: t for n, t in recipe.weights().items() if n.startswith("disp_net.")}
    save_weights(tmp_path / "depth.safetensors", depth, {"model": "insta_dm"})
    with pytest.raises(ValueError, match="ego-motion"):
        InstaDMRecipe(Settings(weights=str(tmp_path / "depth.safetensors")))


def test_pictures_are_of_the_images_size(recipe, small_batch):
    pictures = recipe.pictures(small_batch)
    assert {name: tuple(picture.shape) for name, picture in pictures.items()} == {
        "image": (64, 64, 3),
        "depth": (64, 64, 3),
    }
