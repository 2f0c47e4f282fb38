"""Which weights make which parts, and what is said of those that do not fit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from scene_perception.checkpoints.weights import save_weights
from scene_perception.engines.config import NetworkConfig
from scene_perception.engines.networks import (
    dwarf_parts,
    flow_parts,
    mono_parts,
    semantics_parts,
    weights_file,
)
from scene_perception.engines.random_weights import random_insta_dm


@pytest.fixture
def holding(tmp_path: Path) -> Callable[[str], str]:
    """Make a file that says it holds a model, and no more."""

    def make(model: str) -> str:
        path = tmp_path / f"{model}.safetensors"
        save_weights(path, {"x": torch.zeros(1)}, {"model": model, "source": "test"})
        return str(path)

    return make


@pytest.mark.parametrize("model", ["sgdepth", "insta_dm"])
def test_without_weights_that_come_with_the_package_the_message_says_how_to_get_them(model):
    message = rf"network.weights must .*offline.convert {model} CHECKPOINT .*random_weights to see"
    with pytest.raises(ValueError, match=message):
        mono_parts(model, NetworkConfig())


def test_random_weights_beside_a_file_are_refused():
    config = NetworkConfig("some.safetensors", random_weights=True)
    with pytest.raises(ValueError, match=r"must be empty with network.random_weights, got some"):
        mono_parts("omeganet", config)


def test_a_missing_file_is_an_error(tmp_path):
    config = NetworkConfig(str(tmp_path / "none.safetensors"))
    with pytest.raises(FileNotFoundError, match=r"none.safetensors: no such file .*offline.conv"):
        mono_parts("omeganet", config)


def test_a_file_that_is_no_weights_is_refused(tmp_path):
    path = tmp_path / "broken.safetensors"
    path.write_bytes(b"not a checkpoint")
    with pytest.raises(ValueError, match=r"broken.safetensors must be a whole"):
        mono_parts("omeganet", NetworkConfig(str(path)))


@pytest.mark.parametrize(
    ("model", "held", "runs"),
    [
        ("omeganet", "sgdepth", "mono_node with model sgdepth"),
        ("omeganet", "dwarf", "stereo_node"),
        ("sgdepth", "omeganet", "mono_node with model omeganet"),
        ("sgdepth", "insta_dm", "mono_node with model insta_dm"),
        ("insta_dm", "dsnet", "mono_node with model omeganet"),
    ],
)
def test_weights_of_another_model_name_it_and_the_setting_to_change(holding, model, held, runs):
    message = rf"network.weights must hold the model {model}.* holds {held}; {runs} runs it"
    with pytest.raises(ValueError, match=message):
        mono_parts(model, NetworkConfig(holding(held)))


def test_weights_that_are_not_dwarfs_are_refused(holding):
    message = r"network.weights must hold the model dwarf, .* holds omeganet; mono_node"
    with pytest.raises(ValueError, match=message):
        dwarf_parts(NetworkConfig(holding("omeganet")))


@pytest.mark.parametrize("held", ["dsnet", "sgdepth"])
def test_flow_comes_from_a_whole_omeganet_alone(holding, held):
    with pytest.raises(ValueError, match=rf"flow.weights must hold the model omeganet, .* {held}"):
        flow_parts(holding(held))


def test_semantics_of_another_model_are_refused_under_their_own_name(holding):
    message = r"semantics.weights must hold the model omeganet or dsnet, .* holds dwarf"
    with pytest.raises(ValueError, match=message):
        semantics_parts(holding("dwarf"))


def test_of_a_model_that_nobody_runs_only_its_name_is_told(holding):
    with pytest.raises(ValueError, match=r"must hold the model dwarf, .* holds flownet$"):
        weights_file(holding("flownet"), "network.weights", ("dwarf",))


def test_weights_of_dsnet_are_an_omeganet_of_depth_and_labels(network, tmp_path):
    path = tmp_path / "dsnet.safetensors"
    dsnet = {f"dsnet.{name}": tensor for name, tensor in network.dsnet.state_dict().items()}
    save_weights(path, dsnet, {"model": "dsnet", "source": "test"})
    held, parts = mono_parts("omeganet", NetworkConfig(str(path)))
    assert (held, list(parts)) == ("dsnet", ["dsnet"])


def test_weights_of_insta_dm_s_depth_alone_give_no_pose(tmp_path):
    path = tmp_path / "disp.safetensors"
    state = random_insta_dm().state_dict()
    own = {name: tensor for name, tensor in state.items() if name.startswith("disp_net.")}
    save_weights(path, own, {"model": "insta_dm", "source": "test"})
    held, parts = mono_parts("insta_dm", NetworkConfig(str(path)))
    assert (held, list(parts)) == ("insta_dm", ["insta_dm"])
