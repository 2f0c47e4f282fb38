import json

import pytest
import torch

from scene_perception.checkpoints.sgdepth import convert, load_sgdepth, name_map, published_shapes
from scene_perception.checkpoints.weights import save_weights
from scene_perception.models.sgdepth import SGDepth

HEAD = "depth.multires.convs.3.weight"


@pytest.fixture(scope="module")
def shapes(repository):
    listed = json.loads((repository / "test/data/sgdepth/variables.json").read_text())
    return {name: tuple(shape) for name, shape in listed.items()}


@pytest.fixture(scope="module")
def published(shapes):
    generator = torch.Generator().manual_seed(0)
    return {name: torch.rand(shape, generator=generator) for name, shape in shapes.items()}


@pytest.fixture
def entries(published):
    return dict(published)


def test_map_names_every_published_entry_with_its_shape(shapes):
    assert published_shapes() == shapes
    assert len(shapes) == 296


@pytest.mark.parametrize("split", range(6))
def test_map_reaches_every_tensor_of_ours_exactly_once(split):
    assert sorted(name_map(split).values()) == sorted(SGDepth(split).state_dict())


def test_finest_head_is_the_first():
    names = name_map()
    assert names["depth.multires.convs.0.bias"] == "scene.depth.predictions.0.conv.bias"
    assert published_shapes()[HEAD] == (1, 128, 3, 3)


def test_converted_weights_load_and_are_the_same(entries, tmp_path):
    state = convert(entries)
    save_weights(tmp_path / "w.safetensors", state, {"model": "sgdepth"})
    loaded = load_sgdepth(tmp_path / "w.safetensors")
    assert not loaded.training
    assert all(torch.equal(tensor, state[name]) for name, tensor in loaded.state_dict().items())
    bias = loaded.get_parameter("ego_motion.net.prediction.bias")
    assert torch.equal(bias, entries["pose.decoder.conv_3.bias"])


def test_split_position_is_told_by_the_entries(tmp_path):
    entries = {name: torch.zeros(shape) for name, shape in published_shapes(3).items()}
    save_weights(tmp_path / "w.safetensors", convert(entries), {"model": "sgdepth"})
    assert len(load_sgdepth(tmp_path / "w.safetensors").scene.shared.steps) == 5


@pytest.mark.parametrize("name", [HEAD, "common.decoder.blocks.step_0.conv.bias"])
def test_missing_entry_is_named_as_published(entries, name):
    del entries[name]
    with pytest.raises(ValueError, match=f"a whole SGDepth: {name} is missing"):
        convert(entries)


def test_unknown_entry_is_named(entries):
    entries["common.encoder.encoder.fc.weight"] = torch.zeros(1000, 512)
    with pytest.raises(ValueError, match=r"common\.encoder\.encoder\.fc\.weight is unknown"):
        convert(entries)


def test_misshapen_entry_is_named(entries):
    entries[HEAD] = torch.zeros(1, 64, 3, 3)
    with pytest.raises(ValueError, match=rf"{HEAD} must have shape \(1, 128, 3, 3\), got"):
        convert(entries)


def test_entry_that_diverged_is_named(entries):
    entries[HEAD] = entries[HEAD] * torch.nan
    with pytest.raises(ValueError, match=f"{HEAD} must be finite, 1152 of its elements are not"):
        convert(entries)


def test_weights_of_another_model_are_refused(tmp_path):
    save_weights(tmp_path / "o.safetensors", {"x": torch.zeros(1)}, {"model": "insta_dm"})
    with pytest.raises(ValueError, match=r"must be of sgdepth, they are of insta_dm"):
        load_sgdepth(tmp_path / "o.safetensors")
