"""Weights become engines, or a message that says how to get weights."""

from __future__ import annotations

import pytest
import torch

from scene_perception.checkpoints.weights import save_weights
from scene_perception.engines.base import TensorSpec
from scene_perception.engines.build import Built
from scene_perception.engines.config import NetworkConfig
from scene_perception.engines.load import load_dwarf_engines, load_mono_engines
from scene_perception.engines.networks import output_names
from scene_perception.models import dwarf
from scene_perception.models.omeganet import part_inputs

SMALL = {"height": 128, "width": 192, "device": "cpu"}
TORCH = {"backend": "torch", **SMALL}
PARTS = set(part_inputs(128, 192))


def same_labels(actual, expected):
    """Whether labels agree but for the rounding of another memory layout."""
    return (actual == expected).float().mean() > 0.999


def test_complete_weights_give_every_part(network, omeganet_weights):
    loaded = load_mono_engines(NetworkConfig(weights=str(omeganet_weights), **TORCH))
    assert (set(loaded.engines), loaded.model, loaded.random) == (PARTS, "omeganet", False)
    image = torch.rand(1, 3, 128, 192, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = network.dsnet(image)
    assert same_labels(loaded.engines["dsnet"](image=image)["labels"], expected.labels)


def test_the_description_names_what_runs(omeganet_weights):
    description = load_mono_engines(
        NetworkConfig(weights=str(omeganet_weights), **TORCH)
    ).description
    assert description.startswith("omeganet 192x128 float32, torch on cpu, ")
    assert str(omeganet_weights) in description


def test_weights_of_dsnet_give_dsnet_alone(network, tmp_path):
    path = tmp_path / "dsnet.safetensors"
    dsnet = {f"dsnet.{name}": tensor for name, tensor in network.dsnet.state_dict().items()}
    save_weights(path, dsnet, {"model": "dsnet", "source": "test"})
    loaded = load_mono_engines(NetworkConfig(weights=str(path), **TORCH))
    assert (set(loaded.engines), loaded.model) == ({"dsnet"}, "dsnet")


def test_random_weights_are_marked_as_meaningless():
    loaded = load_mono_engines(NetworkConfig(random_weights=True, **TORCH))
    assert loaded.random
    assert set(loaded.engines) == PARTS
    assert "random weights, outputs are meaningless" in loaded.description


def test_constants_need_no_weights():
    loaded = load_mono_engines(NetworkConfig(backend="constant", **SMALL))
    first, second = (
        loaded.engines["dsnet"](image=torch.full((1, 3, 128, 192), value)) for value in (0.0, 1.0)
    )
    assert torch.equal(first["inverse_depth"], second["inverse_depth"])
    assert loaded.random


@pytest.mark.parametrize(
    ("model", "parts", "given"),
    [
        ("sgdepth", ["sgdepth", "sgdepth_pose"], {"inverse_depth", "labels", "next_from_current"}),
        ("insta_dm", ["insta_dm", "insta_dm_pose"], {"inverse_depth", "next_from_current"}),
    ],
)
def test_other_models_give_their_own_parts(model, parts, given):
    loaded = load_mono_engines(NetworkConfig(random_weights=True, **TORCH), model)
    assert (list(loaded.engines), loaded.model, loaded.random) == (parts, model, True)
    assert {name for engine in loaded.engines.values() for name in engine.outputs} == given
    assert loaded.description.startswith(f"{model} 192x128 float32, torch on cpu, random weights")


def test_labels_go_into_engines_as_small_whole_numbers():
    loaded = load_mono_engines(NetworkConfig(backend="constant", **SMALL), "insta_dm")
    labels = loaded.engines["insta_dm_pose"].inputs["labels_next"]
    assert labels == TensorSpec((1, 128, 192), torch.uint8)


def test_weights_of_sgdepth_give_its_numbers(sgdepth, sgdepth_weights):
    config = NetworkConfig(weights=str(sgdepth_weights), **TORCH)
    loaded = load_mono_engines(config, "sgdepth")
    image = torch.rand(1, 3, 128, 192, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = sgdepth.scene(image).inverse_depth
    torch.testing.assert_close(loaded.engines["sgdepth"](image=image)["inverse_depth"], expected)
    assert loaded.weights == {"network.weights": str(sgdepth_weights)}


def test_flow_of_omeganet_is_added_and_compared_with_the_model_s_pose(
    network, omeganet_weights, sgdepth_weights
):
    config = NetworkConfig(weights=str(sgdepth_weights), **TORCH)
    loaded = load_mono_engines(config, "sgdepth", flow=str(omeganet_weights))
    assert list(loaded.engines) == [
        *("sgdepth", "sgdepth_pose", "flow_encoder", "flow_decoder", "rigid_motion")
    ]
    assert loaded.weights["flow.weights"] == str(omeganet_weights)
    assert f"{sgdepth_weights}, flow.weights {omeganet_weights}, loaded in" in loaded.description
    image = torch.rand(1, 3, 128, 192, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = network.sd_ofnet.encoder(image).flow_features_3
    features = loaded.engines["flow_encoder"](image=image)["flow_features_3"]
    torch.testing.assert_close(features, expected, atol=1e-5, rtol=1e-5)


def test_semantics_of_omeganet_are_added_without_their_depth(network, omeganet_weights):
    config = NetworkConfig(random_weights=True, **TORCH)
    loaded = load_mono_engines(config, "insta_dm", semantics=str(omeganet_weights))
    assert set(loaded.engines["semantics"].outputs) == {"labels"}
    image = torch.rand(1, 3, 128, 192, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = network.dsnet(image).labels
    assert same_labels(loaded.engines["semantics"](image=image)["labels"], expected)


def test_depth_and_flow_alone_have_no_motion_to_compare(network, omeganet_weights, tmp_path):
    path = tmp_path / "dsnet.safetensors"
    dsnet = {f"dsnet.{name}": tensor for name, tensor in network.dsnet.state_dict().items()}
    save_weights(path, dsnet, {"model": "dsnet", "source": "test"})
    config = NetworkConfig(weights=str(path), **TORCH)
    loaded = load_mono_engines(config, flow=str(omeganet_weights))
    assert set(loaded.engines) == {"dsnet", "flow_encoder", "flow_decoder"}


@pytest.mark.parametrize(
    ("model", "added", "message"),
    [
        ("omeganet", "flow", r"flow.weights must be empty where the model gives flow itself"),
        ("omeganet", "semantics", r"semantics.weights must be empty .* labels itself \(dsnet\)"),
        ("sgdepth", "semantics", r"semantics.weights must be empty .* labels itself \(sgdepth\)"),
    ],
)
def test_what_the_model_gives_itself_is_not_taken_from_another(
    omeganet_weights, model, added, message
):
    config = NetworkConfig(backend="constant", **SMALL)
    with pytest.raises(ValueError, match=message):
        load_mono_engines(config, model, **{added: str(omeganet_weights)})


def test_what_a_part_gives_is_known_before_it_runs(network):
    assert output_names(network.dsnet) == ("inverse_depth", "labels")


def test_what_was_built_is_told(omeganet_weights):
    def build(parts, shapes, config):
        return Built({}, "abacus", ("beads are slow",), ("a bead is missing",))

    config = NetworkConfig(weights=str(omeganet_weights), **SMALL)
    loaded = load_mono_engines(config, build=build)
    assert (loaded.backend, loaded.device) == ("abacus", "cpu")
    assert (loaded.notes, loaded.warnings) == (("beads are slow",), ("a bead is missing",))
    assert "abacus on cpu" in loaded.description


def test_dwarf_and_its_semantics_are_built_for_their_own_sizes(dwarf_weights, omeganet_weights):
    def build(parts, shapes, config):
        return Built({}, f"backend {config.width}", (), tuple(parts)[-1:])

    config = NetworkConfig(weights=str(dwarf_weights), **SMALL)
    semantics = NetworkConfig(weights=str(omeganet_weights), height=192, width=256)
    loaded = load_dwarf_engines(config, semantics, build=build)
    assert loaded.backend == "backend 192, semantics: backend 256"
    assert loaded.warnings == ("motion_refinement", "semantics")


def test_a_size_that_the_network_cannot_take_is_refused():
    with pytest.raises(ValueError, match=r"100"):
        load_mono_engines(NetworkConfig(backend="constant", height=100, width=192))


def test_weights_of_dwarf_give_its_parts(stereo_network, dwarf_weights):
    loaded = load_dwarf_engines(NetworkConfig(weights=str(dwarf_weights), **TORCH))
    assert (list(loaded.engines), loaded.model) == (list(dwarf.PARTS), "dwarf")
    assert not loaded.random
    images = torch.rand(2, 3, 128, 192, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = stereo_network.stereo_encoder(images).features_2
    features = loaded.engines["stereo_encoder"](images=images)["features_2"]
    torch.testing.assert_close(features, expected, atol=1e-5, rtol=1e-5)


def test_semantics_come_from_weights_of_their_own_at_a_size_of_their_own(
    network, dwarf_weights, omeganet_weights
):
    semantics = NetworkConfig(
        weights=str(omeganet_weights), backend="torch", height=192, width=256, device="cpu"
    )
    loaded = load_dwarf_engines(NetworkConfig(weights=str(dwarf_weights), **TORCH), semantics)
    assert set(loaded.engines) == {*dwarf.PARTS, "semantics"}
    image = torch.rand(1, 3, 192, 256, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = network.dsnet(image).labels
    assert same_labels(loaded.engines["semantics"](image=image)["labels"], expected)
    assert loaded.description.startswith("dwarf 192x128 float32, torch on cpu, ")
    assert f"; dsnet 256x192 float32, torch on cpu, {omeganet_weights}" in loaded.description


def test_constants_of_dwarf_need_no_weights():
    loaded = load_dwarf_engines(NetworkConfig(backend="constant", **SMALL))
    assert loaded.random
    outputs = loaded.engines["disparity_refinement"].outputs
    assert outputs["disparity"].shape == (1, 1, 128, 192)
