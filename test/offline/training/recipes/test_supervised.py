"""Training from exact truth: every parameter learns, and what is not known has no part."""

import pytest
import torch

from offline.training.batch import Batch
from offline.training.recipe import Progress
from offline.training.recipes.supervised import Settings, SupervisedRecipe, Tasks
from scene_perception.checkpoints.omeganet import load_omeganet
from scene_perception.checkpoints.weights import save_weights

_START = Progress(0, 1, 0)


def _tasks(**weights):
    names = ("depth", "semantics", "flow", "ego_motion", "intrinsics", "motion", "scene_flow")
    return Tasks(**(dict.fromkeys(names, 0.0) | weights))


def _first(batch):
    return Batch({name: tensor[:1] for name, tensor in batch.tensors.items()}, batch.names[:1])


def _corner(batch):
    """Return a quarter of the images, where all but the camera can be trained."""
    cut = {n: t[..., 64:, :64] if t.shape[-1] == 128 else t for n, t in batch.tensors.items()}
    return Batch(cut, batch.names)


def _exact(batch):
    """Return double precision: rectifiers turn what is rounded otherwise into other gradients."""
    pairs = batch.tensors.items()
    return Batch({n: t.double() if t.is_floating_point() else t for n, t in pairs}, batch.names)


def _total(terms):
    return torch.stack(list(terms.values())).sum()


_DWARF = _tasks(scene_flow=1.0)
_LATER = (9, 9, 9)  # steps at which finer levels join, which costs most


def test_omeganet_falls_on_a_fixed_batch(tiny_batch, falls_on_fixed_batch):
    falls_on_fixed_batch(SupervisedRecipe(Settings()), _first(tiny_batch), 0.85, 5)


def test_dwarf_falls_on_a_fixed_batch_while_its_coarse_levels_learn(
    tiny_batch, falls_on_fixed_batch
):
    recipe = SupervisedRecipe(Settings(network="dwarf", tasks=_DWARF, grows=_LATER))
    falls_on_fixed_batch(recipe, tiny_batch, 0.9, 6)


def test_two_processes_give_the_gradient_of_one_of_dwarf(tiny_batch, two_processes_equal_one):
    tiny_batch.tensors["disparity_known"][0, :, :90] = False
    recipe = SupervisedRecipe(Settings(network="dwarf", tasks=_DWARF, grows=_LATER))
    two_processes_equal_one(recipe.double(), _exact(tiny_batch))


def test_levels_that_join_later_have_no_gradient_before(tiny_batch):
    recipe = SupervisedRecipe(Settings(tasks=_tasks(flow=1.0), grows=(1, 2, 3)))
    estimators = recipe.network.sd_ofnet.decoder.estimators
    for step, joined in ((0, {5, 6}), (1, {4, 5, 6}), (2, {3, 4, 5, 6})):
        recipe.zero_grad()
        _total(recipe(_corner(tiny_batch), Progress(step, 4, 0))).backward()
        learn = {
            n for n in range(2, 7) if estimators[f"level_{n}"].flow.conv.weight.grad is not None
        }
        assert learn == joined


@pytest.mark.parametrize("tasks", [("depth", "semantics"), ("flow",)])
def test_two_processes_give_the_gradient_of_one(tasks, tiny_batch, two_processes_equal_one):
    tiny_batch.tensors["depth"][0, :, :90] = 0
    tiny_batch.tensors["labels"][1, :90] = 255
    tiny_batch.tensors["flow_forward_known"][1, :, :70] = False
    recipe = SupervisedRecipe(Settings(tasks=_tasks(**dict.fromkeys(tasks, 1.0))))
    two_processes_equal_one(recipe.double(), _exact(_corner(tiny_batch)))


def test_two_processes_give_the_gradient_of_one_of_the_camera(tiny_batch, two_processes_equal_one):
    tiny_batch.tensors["depth"][0, :, :90] = 0
    recipe = SupervisedRecipe(Settings(tasks=_tasks(ego_motion=1.0, intrinsics=1.0, motion=1.0)))
    two_processes_equal_one(recipe.double(), _exact(tiny_batch))


def test_a_run_in_slices_ends_as_the_whole_run(resumes_exactly):
    resumes_exactly("supervised", Settings(tasks=_tasks(semantics=1.0, intrinsics=1.0)))


def test_every_parameter_of_dwarf_has_a_gradient(tiny_batch):
    recipe = SupervisedRecipe(Settings(network="dwarf", tasks=_DWARF))
    terms = recipe(_corner(tiny_batch), _START)
    assert list(terms) == ["disparity", "next_disparity", "flow"]
    _total(terms).backward()
    assert not [n for n, p in recipe.named_parameters() if p.grad is None or not p.grad.any()]


def test_every_parameter_that_is_trained_has_a_gradient(tiny_batch):
    recipe = SupervisedRecipe(Settings())
    terms = recipe(_first(tiny_batch), _START)
    assert list(terms) == ["depth", "semantics", "flow", "intrinsics", "ego_motion", "motion"]
    _total(terms).backward()
    assert not [n for n, p in recipe.named_parameters() if p.grad is None or not p.grad.any()]


def test_tasks_train_their_own_parts_alone(tiny_batch):
    recipe = SupervisedRecipe(Settings(tasks=_tasks(semantics=1.0)))
    _total(recipe(_first(tiny_batch), _START)).backward()
    trained = {n for n, p in recipe.named_parameters() if p.requires_grad}
    assert trained == {n for n, p in recipe.named_parameters() if p.grad is not None}
    assert {name.split(".")[1] for name in trained} == {"dsnet"}
    assert not any(".disparity." in name for name in trained)
    assert recipe.needs == ("current", "labels")
    assert recipe.tasks == ["semantics"]


def test_a_batch_trains_the_tasks_whose_truth_it_has(tiny_batch):
    recipe = SupervisedRecipe(Settings())
    labelled = {name: tiny_batch[name][:1] for name in ("current", "labels")}
    terms = recipe(Batch(labelled, ("labels only",)), _START)
    assert list(terms) == ["semantics"]
    with pytest.raises(ValueError, match="must have the truth of depth or semantics"):
        recipe(Batch({"current": labelled["current"]}, ("nothing",)), _START)


def test_flow_to_the_next_frame_alone_is_enough(tiny_batch):
    recipe = SupervisedRecipe(Settings(tasks=_tasks(flow=1.0)))
    names = ("previous", "current", "next", "flow_forward", "flow_forward_known")
    terms = recipe(Batch({n: _corner(tiny_batch)[n] for n in names}, ("forward",)), _START)
    assert terms["flow"].item() > 0


def test_samples_without_a_kind_of_truth_leave_that_term_to_the_others(tiny_batch):
    recipe = SupervisedRecipe(Settings(tasks=_tasks(depth=1.0, ego_motion=1.0, motion=1.0)))
    recipe.eval()  # or both samples' statistics would change with the batch
    with torch.no_grad():
        alone = recipe(_first(tiny_batch), _START)
        for name in ("depth", "next_from_current", "previous_from_current"):
            tiny_batch.tensors[name][1] = 0 if name == "depth" else torch.nan
        both = recipe(tiny_batch, _START)
    for name, term in alone.items():
        assert both[name].item() == pytest.approx(term.item(), rel=1e-4), name


def test_flying_things_teach_flow_alone(tiny_batch):
    recipe = SupervisedRecipe(Settings())
    tiny_batch.tensors["labels"][:] = 255
    with torch.no_grad():
        terms = recipe(_first(tiny_batch), _START)
    assert [name for name, term in terms.items() if term.item() > 0] == ["flow"]


def test_right_motion_and_camera_have_no_error(tiny_batch):
    """The exact truth in the network's place: units, signs and conventions agree."""
    from offline.training import supervised_terms as terms
    from offline.training.supervised_terms import FlowPredictions
    from scene_perception.models.camera_net import CameraOutputs
    from scene_perception.models.dsnet import DSNetPrediction

    depth, transforms = tiny_batch["depth"], {}
    scales = tuple(7 / depth[..., :: 2**n, :: 2**n] for n in range(1, 6))
    prediction = DSNetPrediction(scales, torch.zeros(2, 19, 64, 64))
    units = terms.depth_units(prediction, tiny_batch)
    for name in ("previous_from_current", "next_from_current"):
        transforms[name] = _pose_vector(tiny_batch[name], units)
    camera = CameraOutputs(
        *transforms.values(), torch.eye(4).repeat(2, 1, 1), tiny_batch["intrinsics"]
    )
    flow = torch.cat([tiny_batch["flow_forward"], tiny_batch["flow_backward"]])
    assert terms.depth_term(prediction, tiny_batch).item() == pytest.approx(0, abs=1e-4)
    assert terms.ego_motion_term(camera, tiny_batch, units).item() < 1e-2
    assert terms.intrinsics_term(camera, tiny_batch).item() == 0
    assert terms.motion_term(camera, tiny_batch, units).item() < 1e-2
    assert terms.flow_term(FlowPredictions({}, flow), tiny_batch, 1.0).item() == 0


def _pose_vector(transform, units):
    """Return the pose of turns that are small enough to be read off."""
    turns = torch.stack([-transform[:, 1, 2], transform[:, 0, 2], -transform[:, 0, 1]], 1)
    return torch.cat([transform[:, :3, 3] * units[:, None], turns], 1)


def test_weights_are_what_loads_and_training_begins_with_them(tmp_path):
    recipe = SupervisedRecipe(Settings(seed=3))
    path = tmp_path / "w.safetensors"
    save_weights(path, recipe.weights(), recipe.weights_metadata())
    load_omeganet(path)
    again = SupervisedRecipe(Settings(weights=str(path), seed=4)).weights()
    assert all(torch.equal(tensor, again[name]) for name, tensor in recipe.weights().items())


def test_a_seed_gives_the_same_weights_and_leaves_the_global_state():
    before = torch.get_rng_state()
    _ = SupervisedRecipe(Settings(seed=5))
    assert torch.equal(torch.get_rng_state(), before)
    first, second, other = (SupervisedRecipe(Settings(seed=n)).weights() for n in (5, 5, 6))
    assert all(torch.equal(tensor, second[name]) for name, tensor in first.items())
    assert not all(torch.equal(tensor, other[name]) for name, tensor in first.items())


def test_pictures_leave_the_network_as_it_was(tiny_batch):
    recipe = SupervisedRecipe(Settings()).train()
    before = {name: tensor.clone() for name, tensor in recipe.state_dict().items()}
    pictures = recipe.pictures(tiny_batch)
    assert set(pictures) == {"image", "depth", "labels", "flow", "motion"}
    assert all(p.shape == (128, 128, 3) and p.dtype == torch.uint8 for p in pictures.values())
    assert recipe.network.training
    assert all(torch.equal(t, before[n]) for n, t in recipe.state_dict().items())


@pytest.mark.parametrize(
    ("settings", "rule"),
    [
        (Settings(network="dwarf"), "tasks of dwarf must be some of scene_flow, got depth"),
        (Settings(tasks=_DWARF), "got scene_flow; give the others the weight 0"),
        (Settings(tasks=_tasks()), "got none"),
        (Settings(tasks=_tasks(depth=-1.0)), "tasks.depth must be >= 0"),
        (Settings(initialization="zeros"), "initialization must be one of he, xavier"),
    ],
)
def test_nonsense_is_refused(settings, rule):
    with pytest.raises(ValueError, match=rule):
        SupervisedRecipe(settings)
