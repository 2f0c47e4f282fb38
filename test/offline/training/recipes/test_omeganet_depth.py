"""DSNet and CameraNet without known depth: what trains what, and on how many processes."""

import pytest
import torch

from offline.training.batch import Batch
from offline.training.recipe import Progress
from offline.training.recipes.omeganet_depth import (
    OmegaNetDepthRecipe,
    Settings,
    intrinsics_distance,
    synthesized,
)
from scene_perception.geometry.se3 import inverse
from scene_perception.models.camera_net import CameraOutputs

_START = Progress(0, 1, 0)
_FEW = Settings(scales=1)


def _first(batch, *without):
    kept = {n: t[:1] for n, t in batch.tensors.items() if n not in without}
    return Batch(kept, batch.names[:1])


def _exact(batch):
    """Return double precision: rectifiers turn what is rounded otherwise into other gradients."""
    pairs = batch.tensors.items()
    return Batch({n: t.double() if t.is_floating_point() else t for n, t in pairs}, batch.names)


def _total(terms):
    return torch.stack(list(terms.values())).sum()


def _trained(recipe):
    return {name for name, p in recipe.named_parameters() if p.requires_grad}


def test_the_loss_falls_on_a_fixed_batch(tiny_batch, falls_on_fixed_batch):
    falls_on_fixed_batch(OmegaNetDepthRecipe(_FEW), _first(tiny_batch), 0.85, 5)


def test_two_processes_give_the_gradient_of_one(tiny_batch, two_processes_equal_one):
    tiny_batch.tensors["labels"][0, :100] = 255  # processes know unlike numbers of labels
    two_processes_equal_one(OmegaNetDepthRecipe(_FEW).double(), _exact(tiny_batch))


def test_slices_end_where_the_whole_run_does(resumes_exactly):
    resumes_exactly("omeganet_depth", _FEW)


def test_all_that_is_trained_learns_and_flow_does_not(tiny_batch):
    recipe = OmegaNetDepthRecipe(_FEW).train()
    terms = recipe(_first(tiny_batch), _START)
    assert list(terms) == ["photometric", "smoothness", "semantic", "edge", "intrinsics"]
    _total(terms).backward()
    assert not [n for n, p in recipe.named_parameters() if p.requires_grad and not p.grad.any()]
    assert {name.split(".")[1] for name in _trained(recipe)} == {"dsnet", "camera_net"}
    assert not recipe.network.sd_ofnet.training


def test_without_labels_and_intrinsics_depth_and_camera_learn_from_images_alone(tiny_batch):
    recipe = OmegaNetDepthRecipe(Settings(scales=1, semantics="none", intrinsics="learned"))
    terms = recipe.train()(_first(tiny_batch, "labels", "intrinsics"), _START)
    assert list(terms) == ["photometric", "smoothness"]
    _total(terms).backward()
    assert not [n for n, p in recipe.named_parameters() if p.requires_grad and p.grad is None]
    assert recipe.network.camera_net.decoder.focal_lengths.weight.grad.any()
    assert not any("dsnet.semantic" in name for name in _trained(recipe))
    assert recipe.needs == ("previous", "current", "next")
    assert recipe.tasks == ("depth",)


def test_true_depth_and_motion_explain_the_image(tiny_batch):
    poses = [tiny_batch[f"{role}_from_current"] for role in ("previous", "next")]
    vectors = [_vector(pose) for pose in poses]
    intrinsics = tiny_batch["intrinsics"]
    camera = CameraOutputs(vectors[0], vectors[1], poses[1], intrinsics)
    sources = tiny_batch["previous"], tiny_batch["next"]
    inverse_depth = tiny_batch["depth"].reciprocal()
    target = tiny_batch["current"]
    static = ~tiny_batch["moving"]
    for view, source, hidden in zip(
        synthesized(sources, inverse_depth, camera, intrinsics),
        sources,
        ("occluded_previous", "occluded_next"),
        strict=True,
    ):
        seen = (static & ~tiny_batch[hidden]).expand_as(view)
        assert (view - target)[seen].abs().mean() < 0.1 * (source - target)[seen].abs().mean()


def _vector(transform):
    """Return the small turn about y and the translation of a transform as a pose vector."""
    assert torch.allclose(inverse(inverse(transform)), transform, atol=1e-5)
    angle = torch.atan2(transform[:, 0, 2], transform[:, 0, 0])
    zero = torch.zeros_like(angle)
    return torch.cat([transform[:, :3, 3], torch.stack([zero, angle, zero], 1)], 1)


def test_the_auto_mask_leaves_out_what_stands_still(tiny_batch):
    still = Batch(
        {n: tiny_batch["current"] if n in ("previous", "next") else t
         for n, t in tiny_batch.tensors.items()}, tiny_batch.names,
    )  # fmt: skip
    recipe = OmegaNetDepthRecipe(Settings(scales=1, auto_mask=True)).eval()
    with torch.no_grad():
        assert recipe(_first(still), _START)["photometric"].item() == pytest.approx(0, abs=1e-6)


def test_intrinsics_differ_in_shares_of_the_image():
    given = torch.eye(3)[None]
    predicted = given.clone()
    predicted[0, 0, 0] += 20
    predicted[0, 1, 2] -= 5
    image = torch.zeros(1, 3, 10, 40)
    assert intrinsics_distance(predicted, given, image).item() == pytest.approx((0.5 + 0.5) / 4)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"scales": 6}, "scales must be <= 5, got 6"),
        ({"intrinsics": "both"}, "intrinsics must be one of given, learned, got 'both'"),
        ({"edge_weight": -1.0}, "edge_weight must be >= 0, got -1.0"),
    ],
)
def test_settings_that_break_their_rule_are_refused(changed, told):
    with pytest.raises(ValueError, match=told):
        OmegaNetDepthRecipe(Settings(**changed))
