import numpy as np
import pytest
import torch

from scene_perception.checkpoints.omeganet import (
    convert,
    load_dsnet,
    load_omeganet,
    model_of,
    name_map,
    published_shapes,
)
from scene_perception.checkpoints.weights import save_weights
from scene_perception.models.omeganet import OmegaNet

CONV1A = "MultiViewNetwork/feature_extractor/img_pyramid/conv1a/Conv"
FOCI = "MultiViewNetwork/pose_net/intrinsics/foci/biases"
CONV5A = "MultiViewNetwork/feature_extractor_pose/img_pyramid/conv5a/Conv"
CONTEXT = "superflow/context_network/dilated_conv7"


def without(variables, *prefixes):
    return {name: array for name, array in variables.items() if not name.startswith(prefixes)}


def dsnet_only(variables):
    return without(
        variables,
        "superflow",
        "MultiViewNetwork/feature_extractor_pose",
        "MultiViewNetwork/pose_net",
    )


def test_map_names_every_published_variable_and_no_other(shapes):
    assert set(name_map()) == set(shapes)


def test_map_reaches_every_tensor_of_ours_exactly_once():
    ours = [key for key in name_map().values() if key is not None]
    assert sorted(ours) == sorted(OmegaNet().state_dict())


def test_every_shape_is_known_as_stored(shapes):
    assert published_shapes() == shapes


def test_only_the_fifth_level_of_the_camera_encoder_is_unused():
    unused = [name for name, key in name_map().items() if key is None]
    assert len(unused) == 8
    assert all("feature_extractor_pose/img_pyramid/conv5" in name for name in unused)


def test_kernel_goes_from_hwio_to_oihw(variables):
    kernel = convert(variables)["dsnet.encoder.levels.0.0.conv.weight"]
    assert kernel[5, 2, 0, 1] == variables[f"{CONV1A}/weights"][0, 1, 2, 5]


def test_whole_checkpoint_fills_omeganet(variables):
    OmegaNet().load_state_dict(convert(variables), strict=True)
    assert model_of(variables) == "omeganet"


def test_unknown_variable_is_named(variables):
    variables["MultiViewNetwork/surprise/weights"] = np.zeros((3, 3, 1, 1), np.float32)
    with pytest.raises(ValueError, match=r"MultiViewNetwork/surprise/weights \(3, 3, 1, 1\)"):
        convert(variables)


def test_missing_variable_is_named_as_published(variables):
    del variables[FOCI]
    with pytest.raises(ValueError, match=f"{FOCI} is missing"):
        convert(variables)


def test_missing_variables_are_counted(variables):
    del variables[FOCI], variables[f"{CONTEXT}/biases"]
    with pytest.raises(ValueError, match=f"2 are missing: {FOCI}, {CONTEXT}/biases"):
        convert(variables)


def test_missing_variable_that_nothing_reads_is_missed_all_the_same(variables):
    del variables[f"{CONV5A}/weights"]
    with pytest.raises(ValueError, match=f"{CONV5A}/weights is missing"):
        convert(variables)


def test_misshapen_variable_is_named_with_both_shapes(variables):
    variables[FOCI] = np.zeros(3, np.float32)
    with pytest.raises(ValueError, match=rf"{FOCI} must have shape \(2,\), got \(3,\)"):
        convert(variables)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        (f"{CONTEXT}/weights", r"\(3, 3, 32, 2\)"),
        (f"{CONV5A}/weights", r"\(3, 3, 128, 256\)"),
    ],
)
def test_misshapen_kernel_is_reported_as_stored(variables, name, wanted):
    variables[name] = np.zeros((1, 1, 32, 2), np.float32)
    with pytest.raises(ValueError, match=rf"{name} must have shape {wanted}, got \(1, 1, 32, 2\)"):
        convert(variables)


def test_variable_that_is_no_array_of_floats_is_named(variables):
    variables[FOCI] = np.array([b"a", b"b"], object)
    with pytest.raises(ValueError, match=f"{FOCI} must hold floats, got object"):
        convert(variables)


def test_variable_that_diverged_is_named(variables):
    variables[FOCI] = np.array([np.nan, 1.0], np.float32)
    with pytest.raises(ValueError, match=f"{FOCI} must be finite, 1 of its elements are not"):
        convert(variables)


def test_slots_of_an_optimiser_are_passed_over(variables):
    slots = {f"{CONV1A}/weights/Adam": np.zeros(1), "beta1_power": np.zeros(()), "global_step": 7}
    assert convert({**variables, **slots}).keys() == convert(variables).keys()


def test_slot_of_an_unknown_variable_is_unknown(variables):
    variables["surprise/Adam"] = np.zeros(1, np.float32)
    with pytest.raises(ValueError, match="surprise/Adam"):
        convert(variables)


def test_dsnet_alone_converts(variables):
    only = dsnet_only(variables)
    assert model_of(only) == "dsnet"
    assert {key.split(".")[0] for key in convert(only)} == {"dsnet"}


def test_dsnet_with_cameranet_keeps_both(variables):
    baseline = without(variables, "superflow")
    assert {key.split(".")[0] for key in convert(baseline)} == {"dsnet", "camera_net"}


def test_dsnet_with_half_a_cameranet_is_refused(variables):
    half = without(variables, "superflow", "MultiViewNetwork/pose_net")
    with pytest.raises(ValueError, match=r"21 are missing: .*/pose_net/conv1_a/Conv/weights"):
        convert(half)


def test_converted_weights_load_and_compute_the_same(variables, tmp_path):
    state = convert(variables)
    save_weights(tmp_path / "w.safetensors", state, {"model": "omeganet"})
    loaded = load_omeganet(tmp_path / "w.safetensors")
    assert not loaded.training
    assert all(torch.equal(tensor, state[name]) for name, tensor in loaded.state_dict().items())


def test_dsnet_loads_from_either_kind_of_weights(variables, tmp_path):
    whole, part = tmp_path / "whole.safetensors", tmp_path / "part.safetensors"
    save_weights(whole, convert(variables), {"model": "omeganet"})
    save_weights(part, convert(dsnet_only(variables)), {"model": "dsnet"})
    first, second = load_dsnet(whole).state_dict(), load_dsnet(part).state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_dsnet_weights_are_no_omeganet(variables, tmp_path):
    path = tmp_path / "part.safetensors"
    save_weights(path, convert(dsnet_only(variables)), {"model": "dsnet"})
    with pytest.raises(ValueError, match=r"part\.safetensors must be of omeganet.* are of dsnet"):
        load_omeganet(path)
