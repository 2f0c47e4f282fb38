import pytest
import torch

from offline.training.batch import Batch
from offline.training.recipe import Progress
from offline.training.recipes.sgdepth import Settings, SGDepthRecipe
from scene_perception.checkpoints.sgdepth import load_sgdepth
from scene_perception.checkpoints.weights import save_weights

START = Progress(0, 1, 0)
MASKING = Settings(masking_enable=True, masking_from_epoch=0, masking_linear_increase=True)


@pytest.fixture
def recipe(thin):
    return SGDepthRecipe(MASKING)


def gradient_of(recipe, term, batch):
    recipe.zero_grad()
    recipe(batch, START)[term].backward()
    return {name: p.grad for name, p in recipe.named_parameters() if p.grad is not None}


def test_the_loss_falls_to_a_half_on_a_fixed_batch(recipe, small_batch, falls_on_fixed_batch):
    falls_on_fixed_batch(recipe, small_batch, factor=0.5, steps=5, learning_rate=1e-2)


def test_two_processes_give_the_gradient_of_one(recipe, small_batch, two_processes_equal_one):
    small_batch["labels"][1, :40] = 255  # the second process knows less
    two_processes_equal_one(recipe, small_batch)


def test_a_run_in_slices_ends_as_one_in_one_piece(thin, resumes_exactly):
    resumes_exactly("sgdepth", MASKING)


def test_each_task_sends_its_share_into_what_both_use(recipe, small_batch, monkeypatch):
    first, own = "network.scene.encoder.conv1.weight", "network.scene.segmentation.prediction"
    scaled = gradient_of(recipe, "segmentation", small_batch)
    monkeypatch.setattr(recipe, "_scales", recipe._scales._replace(segmentation=1.0))
    full = gradient_of(recipe, "segmentation", small_batch)
    torch.testing.assert_close(scaled[first], 0.1 * full[first], rtol=1e-3, atol=1e-7)
    torch.testing.assert_close(scaled[f"{own}.conv.bias"], full[f"{own}.conv.bias"])


def test_scores_of_an_epoch_make_the_next_ones_threshold(recipe, small_batch):
    recipe.train()
    with torch.no_grad():
        recipe(small_batch, START)
    recipe.schedule.record([0.2, 0.4])
    recipe.finish_epoch(0)
    assert recipe.schedule.threshold > 0
    state = recipe.get_extra_state()
    assert state["scores"] == []
    recipe.set_extra_state({"threshold": 0.25, "scores": [0.5]})
    assert recipe.schedule.threshold == 0.25


def test_masking_leaves_statistics_and_mode_as_they_are(recipe, small_batch, monkeypatch):
    recipe.train()
    monkeypatch.setattr(recipe.schedule, "threshold", 2.0)
    norm = recipe.network.scene.encoder.bn1
    with torch.no_grad():
        recipe(small_batch, START)
    assert norm.training
    assert norm.num_batches_tracked.item() == 1


def test_alternate_images_serve_one_task_each(recipe, small_batch, monkeypatch):
    monkeypatch.setattr(recipe, "settings", Settings(images="alternate"))
    assert recipe._rows(small_batch) == (slice(0, None, 2), slice(1, None, 2))
    one = Batch({name: t[:1] for name, t in small_batch.tensors.items()}, ("one",))
    with pytest.raises(ValueError, match="even number"):
        recipe._rows(one)


def test_a_batch_serves_what_it_has(recipe, small_batch, monkeypatch):
    monkeypatch.setattr(recipe, "settings", Settings(images="either"))

    def rows(*names):
        tensors = {name: small_batch[name] for name in names}
        return [part.stop for part in recipe._rows(Batch(tensors, small_batch.names))]

    assert rows("current", "labels") == [0, None]
    assert rows("previous", "current", "next", "intrinsics") == [None, 0]
    with pytest.raises(ValueError, match="or labels"):
        rows("current")


def test_depth_heads_begin_near(recipe):
    biases = [head.conv.bias.item() for head in recipe.network.scene.depth.predictions]
    assert biases == pytest.approx([5, 5, 5, 5])


def test_weights_are_what_inference_loads(recipe, tmp_path):
    file = tmp_path / "w.safetensors"
    save_weights(file, recipe.weights(), recipe.weights_metadata())
    assert len(load_sgdepth(file).scene.shared.steps) == 1
    with pytest.raises(ValueError, match="shares 1 steps"):
        SGDepthRecipe(Settings(weights=str(file), split=2))


def test_pictures_are_of_the_images_size(recipe, small_batch):
    pictures = recipe.pictures(small_batch)
    assert {tuple(picture.shape) for picture in pictures.values()} == {(64, 64, 3)}
    assert list(pictures) == ["image", "depth", "labels"]
