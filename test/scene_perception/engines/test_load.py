"""Weights become engines, or a message that says how to get weights."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from scene_perception.checkpoints.weights import save_weights
from scene_perception.engines.config import NetworkConfig
from scene_perception.engines.load import load_dwarf_engines, load_mono_engines
from scene_perception.engines.random_weights import random_dwarf, random_omeganet
from scene_perception.models import dwarf
from scene_perception.models.dwarf import DWARF
from scene_perception.models.omeganet import OmegaNet, part_inputs

SMALL = {"height": 128, "width": 192, "device": "cpu"}
PARTS = set(part_inputs(128, 192))


@pytest.fixture(scope="module")
def network() -> OmegaNet:
    return random_omeganet(seed=1)


@pytest.fixture(scope="module")
def omeganet_weights(network: OmegaNet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "omeganet.safetensors"
    save_weights(path, network.state_dict(), {"model": "omeganet", "source": "test"})
    return path


@pytest.fixture(scope="module")
def stereo_network() -> DWARF:
    return random_dwarf(seed=1)


@pytest.fixture(scope="module")
def dwarf_weights(stereo_network: DWARF, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "dwarf.safetensors"
    save_weights(path, stereo_network.state_dict(), {"model": "dwarf", "source": "test"})
    return path


def test_complete_weights_give_every_part(network, omeganet_weights):
    loaded = load_mono_engines(NetworkConfig(weights=str(omeganet_weights), **SMALL))
    assert (set(loaded.engines), loaded.model, loaded.random) == (PARTS, "omeganet", False)
    image = torch.rand(1, 3, 128, 192, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = network.dsnet(image)
    assert torch.equal(loaded.engines["dsnet"](image=image)["labels"], expected.labels)


def test_the_description_names_what_runs(omeganet_weights):
    description = load_mono_engines(
        NetworkConfig(weights=str(omeganet_weights), **SMALL)
    ).description
    assert description.startswith("omeganet 192x128 float32, torch on cpu, ")
    assert str(omeganet_weights) in description


def test_weights_of_dsnet_give_dsnet_alone(network, tmp_path):
    path = tmp_path / "dsnet.safetensors"
    dsnet = {f"dsnet.{name}": tensor for name, tensor in network.dsnet.state_dict().items()}
    save_weights(path, dsnet, {"model": "dsnet", "source": "test"})
    loaded = load_mono_engines(NetworkConfig(weights=str(path), **SMALL))
    assert (set(loaded.engines), loaded.model) == ({"dsnet"}, "dsnet")


def test_random_weights_are_marked_as_meaningless():
    loaded = load_mono_engines(NetworkConfig(allow_random_weights=True, **SMALL))
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


def test_without_weights_the_message_says_how_to_get_them():
    with pytest.raises(ValueError, match=r"network.weights must .*offline.convert .*allow_random"):
        load_mono_engines(NetworkConfig(**SMALL))


@pytest.mark.parametrize("allow", [False, True])
def test_a_missing_file_is_an_error_even_where_random_weights_are_allowed(tmp_path, allow):
    config = NetworkConfig(
        weights=str(tmp_path / "none.safetensors"), allow_random_weights=allow, **SMALL
    )
    with pytest.raises(FileNotFoundError, match=r"none.safetensors: no such file .*offline.conv"):
        load_mono_engines(config)


def test_a_file_that_is_no_weights_is_refused(tmp_path):
    path = tmp_path / "broken.safetensors"
    path.write_bytes(b"not a checkpoint")
    with pytest.raises(ValueError, match=r"broken.safetensors"):
        load_mono_engines(NetworkConfig(weights=str(path), **SMALL))


def test_weights_of_another_model_are_refused(tmp_path):
    path = tmp_path / "dwarf.safetensors"
    save_weights(path, {"x": torch.zeros(1)}, {"model": "dwarf", "source": "test"})
    with pytest.raises(ValueError, match=r"must hold the model omeganet or dsnet, .* holds dwarf"):
        load_mono_engines(NetworkConfig(weights=str(path), **SMALL))


def test_a_size_that_the_network_cannot_take_is_refused():
    with pytest.raises(ValueError, match=r"100"):
        load_mono_engines(NetworkConfig(backend="constant", height=100, width=192))


def test_weights_of_dwarf_give_its_parts(stereo_network, dwarf_weights):
    loaded = load_dwarf_engines(NetworkConfig(weights=str(dwarf_weights), **SMALL))
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
    semantics = NetworkConfig(weights=str(omeganet_weights), height=192, width=256, device="cpu")
    loaded = load_dwarf_engines(NetworkConfig(weights=str(dwarf_weights), **SMALL), semantics)
    assert set(loaded.engines) == {*dwarf.PARTS, "semantics"}
    image = torch.rand(1, 3, 192, 256, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = network.dsnet(image).labels
    assert torch.equal(loaded.engines["semantics"](image=image)["labels"], expected)
    assert loaded.description.startswith("dwarf 192x128 float32, torch on cpu, ")
    assert f"; dsnet 256x192 float32, torch on cpu, {omeganet_weights}" in loaded.description


def test_constants_of_dwarf_need_no_weights():
    loaded = load_dwarf_engines(NetworkConfig(backend="constant", **SMALL))
    assert loaded.random
    outputs = loaded.engines["disparity_refinement"].outputs
    assert outputs["disparity"].shape == (1, 1, 128, 192)


def test_without_weights_of_dwarf_the_message_says_how_to_get_them():
    with pytest.raises(ValueError, match=r"network.weights must .*offline.convert dwarf CHECK"):
        load_dwarf_engines(NetworkConfig(**SMALL))


def test_weights_that_are_not_dwarfs_are_refused(omeganet_weights):
    config = NetworkConfig(weights=str(omeganet_weights), **SMALL)
    with pytest.raises(ValueError, match=r"network.weights must hold the model dwarf, .* omeganet"):
        load_dwarf_engines(config)


def test_semantics_of_another_model_are_refused_under_their_own_name(dwarf_weights):
    config = NetworkConfig(weights=str(dwarf_weights), **SMALL)
    with pytest.raises(ValueError, match=r"semantics.weights must hold the model omeganet or ds"):
        load_dwarf_engines(config, config)
