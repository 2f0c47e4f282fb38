import json

import numpy as np
import pytest
import torch

from offline.golden.stand_ins import golden_weight, golden_weights
from scene_perception.checkpoints.dwarf import convert, load_dwarf, name_map, published_shapes
from scene_perception.checkpoints.tensorflow import read_checkpoint
from scene_perception.checkpoints.weights import save_weights
from scene_perception.models.dwarf import DWARF

FIRST = "dwarf/Encoder/level_1/Conv/weights"
UPSAMPLED = "dwarf/decoder/block_5/estimator/upsample_features/flow/weights"


@pytest.fixture(scope="module")
def data(repository):
    return repository / "test/data/dwarf"


@pytest.fixture(scope="module")
def shapes(data):
    listed = json.loads((data / "variables.json").read_text())
    return {name: tuple(shape) for name, shape in listed.items()}


@pytest.fixture(scope="module")
def published(shapes):
    return golden_weights(shapes, "HWIO")


@pytest.fixture
def variables(published):
    return dict(published)


def test_map_names_every_published_variable_and_no_other(shapes):
    assert set(name_map()) == set(shapes)
    assert len(shapes) == 246


def test_map_reaches_every_tensor_of_ours_exactly_once():
    assert sorted(name_map().values()) == sorted(DWARF().state_dict())


def test_every_shape_is_known_as_stored(shapes):
    assert published_shapes() == shapes


def test_published_disparity_change_is_the_next_disparity():
    scope = "dwarf/decoder/block_2/estimator"
    names = name_map()
    head = names[f"{scope}/disparity_change/Conv/weights"]
    assert head == "motion_refinement.heads.next_disparity.prediction.weight"
    context = names[f"{scope}/context_network_disparity_change/Conv_6/biases"]
    assert context == "motion_refinement.next_disparity.layers.6.conv.bias"


def test_kernels_go_from_hwio_to_oihw_and_transposed_ones_from_hwoi_to_iohw(variables):
    state = convert(variables)
    kernel = state["stereo_encoder.levels.0.0.conv.weight"]
    assert kernel[5, 2, 0, 1] == variables[FIRST][0, 1, 2, 5]
    transposed = state["scene_flow_decoder.levels.level_5.heads.flow.upsample_features.weight"]
    assert transposed[700, 1, 3, 2] == variables[UPSAMPLED][3, 2, 1, 700]


def test_what_training_leaves_is_passed_over(variables):
    training = {
        "Variable": np.int32(12345),
        "beta1_power": np.float32(0.9),
        "beta2_power": np.float32(0.999),
        f"{FIRST}/Adam": variables[FIRST],
        f"{FIRST}/Adam_1": variables[FIRST],
    }
    assert convert({**variables, **training}).keys() == convert(variables).keys()


@pytest.mark.parametrize("name", ["surprise/weights", "surprise/Adam", "dwarf/Variable"])
def test_unknown_variable_is_named(variables, name):
    variables[name] = np.zeros(1, np.float32)
    with pytest.raises(ValueError, match=rf"variable {name} \(1,\) is not one of DWARF's"):
        convert(variables)


def test_missing_variable_is_named_as_published(variables):
    del variables[UPSAMPLED]
    with pytest.raises(ValueError, match=f"a whole DWARF: {UPSAMPLED} is missing"):
        convert(variables)


def test_misshapen_kernel_is_reported_as_stored(variables):
    variables[UPSAMPLED] = np.zeros((4, 4, 764, 2), np.float32)
    wanted = r"must have shape \(4, 4, 2, 764\), got \(4, 4, 764, 2\)"
    with pytest.raises(ValueError, match=f"{UPSAMPLED} {wanted}"):
        convert(variables)


def test_variable_that_diverged_is_named(variables):
    variables[FIRST] = np.full((3, 3, 3, 16), np.nan, np.float32)
    with pytest.raises(ValueError, match=f"{FIRST} must be finite, 432 of its elements are not"):
        convert(variables)


def test_converted_weights_load_and_compute_the_same(variables, tmp_path):
    state = convert(variables)
    save_weights(tmp_path / "w.safetensors", state, {"model": "dwarf"})
    loaded = load_dwarf(tmp_path / "w.safetensors")
    assert not loaded.training
    assert all(torch.equal(tensor, state[name]) for name, tensor in loaded.state_dict().items())


def test_weights_of_another_model_are_refused(tmp_path):
    save_weights(tmp_path / "o.safetensors", {"x": torch.zeros(1)}, {"model": "omeganet"})
    with pytest.raises(ValueError, match=r"must be of dwarf, they are of omeganet"):
        load_dwarf(tmp_path / "o.safetensors")


def test_real_training_checkpoint_is_read(data, shapes):
    pytest.importorskip("tensorflow", reason="needs TensorFlow: pip install '.[convert]'")
    variables = read_checkpoint(data / "tiny_checkpoint")
    assert (len(variables), variables["Variable"]) == (25, 12345)
    for name in variables.keys() & shapes.keys():
        np.testing.assert_array_equal(variables[name], golden_weight(name, shapes[name], "HWIO"))
    with pytest.raises(ValueError, match="228 are missing: dwarf/Encoder/level_2/Conv_1/weights"):
        convert(variables)
