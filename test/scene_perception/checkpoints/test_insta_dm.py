import json

import pytest
import torch

from scene_perception.checkpoints.insta_dm import (
    NETWORKS,
    checkpoint_files,
    convert,
    load_insta_dm,
    name_map,
    published_shapes,
)
from scene_perception.checkpoints.weights import save_weights
from scene_perception.models.insta_dm import InstaDM


@pytest.fixture(scope="module")
def shapes(repository):
    listed = json.loads((repository / "test/data/insta_dm/variables.json").read_text())
    return {
        network: {name: tuple(shape) for name, shape in entries.items()}
        for network, entries in listed.items()
    }


@pytest.fixture(scope="module")
def published(shapes):
    generator = torch.Generator().manual_seed(0)
    return {
        network: {name: torch.rand(shape, generator=generator) for name, shape in entries.items()}
        for network, entries in shapes.items()
    }


@pytest.fixture
def networks(published):
    return {network: dict(entries) for network, entries in published.items()}


@pytest.mark.parametrize(("network", "count"), [("dispnet", 151), ("ego_pose", 130)])
def test_map_names_every_published_entry_with_its_shape(shapes, network, count):
    assert published_shapes(network) == shapes[network]
    assert len(shapes[network]) == count
    assert published_shapes("obj_pose") == shapes["obj_pose"]


def test_map_reaches_every_tensor_of_ours_exactly_once():
    ours = [name for network in NETWORKS for name in name_map(network).values() if name]
    assert sorted(ours) == sorted(InstaDM().state_dict())


def test_classifier_alone_is_unused():
    unused = [name for name, ours in name_map("ego_pose").items() if ours is None]
    assert unused == ["encoder.encoder.fc.weight", "encoder.encoder.fc.bias"]


def test_upsampling_convolutions_count_from_the_deepest_level():
    names = name_map("dispnet")
    deepest = names["decoder.upconvs0.0.conv.conv.weight"]
    assert deepest == "disp_net.decoder.steps.step_0.conv.conv.weight"
    finest = names["decoder.upconvs1.4.conv.conv.weight"]
    assert finest == "disp_net.decoder.steps.step_9.conv.conv.weight"


def test_converted_weights_load_and_are_the_same(networks, tmp_path):
    state = convert(networks)
    save_weights(tmp_path / "w.safetensors", state, {"model": "insta_dm"})
    loaded = load_insta_dm(tmp_path / "w.safetensors")
    assert not loaded.training
    assert all(torch.equal(tensor, state[name]) for name, tensor in loaded.state_dict().items())
    prior = loaded.get_parameter("disp_net.object_height_prior")
    assert torch.equal(prior, networks["dispnet"]["obj_height_prior"])


@pytest.mark.parametrize("missing", [["obj_pose"], ["ego_pose", "obj_pose"]])
def test_pose_networks_may_be_missing_and_are_none(networks, tmp_path, missing):
    for network in missing:
        del networks[network]
    save_weights(tmp_path / "w.safetensors", convert(networks), {"model": "insta_dm"})
    loaded = load_insta_dm(tmp_path / "w.safetensors")
    assert loaded.object_pose_net is None
    assert (loaded.ego_pose_net is None) == ("ego_pose" in missing)
    assert ("insta_dm_pose" in loaded.parts()) == ("ego_pose" not in missing)


def test_pose_network_that_is_half_there_is_refused(networks, tmp_path):
    state = convert(networks)
    del state["ego_pose_net.net.squeeze.bias"]
    save_weights(tmp_path / "w.safetensors", state, {"model": "insta_dm"})
    with pytest.raises(ValueError, match=r"ego_pose_net\.net\.squeeze\.bias is missing"):
        load_insta_dm(tmp_path / "w.safetensors")


@pytest.mark.parametrize("given", [["ego_pose"], [], ["dispnet", "surprise"]])
def test_networks_without_depth_or_unknown_ones_are_refused(networks, given):
    with pytest.raises(ValueError, match="networks must be dispnet and any of"):
        convert({name: networks.get(name, {}) for name in given})


def test_pose_network_for_the_depth_network_is_refused_by_name(networks):
    with pytest.raises(ValueError, match="Insta-DM's dispnet, got those of Insta-DM's ego_pose"):
        convert({"dispnet": networks["ego_pose"]})


def test_pose_networks_exchanged_are_told_by_what_they_predict(networks):
    networks["ego_pose"], networks["obj_pose"] = networks["obj_pose"], networks["ego_pose"]
    with pytest.raises(ValueError, match=r"a whole Insta-DM's ego_pose: .* must have shape \(6, "):
        convert(networks)


def test_missing_entry_is_named_as_published(networks):
    del networks["obj_pose"]["decoder.convs_pose.2.bias"]
    with pytest.raises(ValueError, match=r"Insta-DM's obj_pose: decoder\.convs_pose\.2\.bias is"):
        convert(networks)


def test_weights_of_another_model_are_refused(tmp_path):
    save_weights(tmp_path / "o.safetensors", {"x": torch.zeros(1)}, {"model": "sgdepth"})
    with pytest.raises(ValueError, match=r"must be of insta_dm, they are of sgdepth"):
        load_insta_dm(tmp_path / "o.safetensors")


def made(folder, *names):
    for name in names:
        (folder / name).touch()
    return folder


@pytest.mark.parametrize(
    "names",
    [
        (
            "dispnet_model_best.pth.tar",
            "ego_pose_model_best.pth.tar",
            "obj_pose_model_best.pth.tar",
        ),
        ("resnet18_disp_cs+kt.tar", "resnet18_ego_cs+kt.tar", "resnet18_obj_cs+kt.tar"),
        ("dispnet.pth", "egonet.pth", "objnet.pth"),
    ],
)
def test_files_are_found_in_a_folder_and_beside_the_depth_network(tmp_path, names):
    expected = dict(zip(NETWORKS, (tmp_path / name for name in names), strict=True))
    made(tmp_path, *names, "progress_log.csv")
    assert checkpoint_files(tmp_path) == expected
    assert checkpoint_files(tmp_path / names[0]) == expected


def test_depth_network_alone_is_a_checkpoint(tmp_path):
    made(tmp_path, "dispnet.pth.tar", "ego_pose_other.pth.tar")
    file = tmp_path / "dispnet.pth.tar"
    assert checkpoint_files(file) == {"dispnet": file}
    assert checkpoint_files(tmp_path / "any name") == {"dispnet": tmp_path / "any name"}


def test_folder_of_several_checkpoints_names_them(tmp_path):
    made(tmp_path, "dispnet_checkpoint.pth.tar", "dispnet_model_best.pth.tar")
    wanted = "one file of dispnet, got dispnet_checkpoint.pth.tar, dispnet_model_best.pth.tar; name"
    with pytest.raises(ValueError, match=wanted):
        checkpoint_files(tmp_path)


def test_folder_without_a_depth_network_is_refused(tmp_path):
    made(tmp_path, "ego_pose.pth.tar")
    with pytest.raises(FileNotFoundError, match=r"holds no dispnet"):
        checkpoint_files(tmp_path)


def test_folder_of_tensorflow_is_refused_as_such(tmp_path):
    with pytest.raises(ValueError, match="this is one of TensorFlow"):
        checkpoint_files(made(tmp_path, "model-1.index"))
