import json

import numpy as np
import pytest

from offline.golden.omeganet import image_size, omeganet_arrays


@pytest.fixture(scope="module")
def shapes(repository):
    listed = json.loads((repository / "test/data/omeganet/variables.json").read_text())
    return {name: tuple(shape) for name, shape in listed.items()}


@pytest.fixture
def published(repository):
    with np.load(repository / "test/data/omeganet/outputs_10.npz") as case:
        return dict(case)


def test_every_array_of_the_published_case_but_three_tells_the_size(published):
    sizes = {name: image_size({name: array}) for name, array in published.items()}
    silent = [name for name, size in sizes.items() if size is None]
    assert silent == ["pose", "intrinsics", "input_crc32"]
    assert set(sizes.values()) == {(192, 640), None}


def test_one_misshapen_array_does_not_change_the_size():
    case = {
        "disp": np.zeros((100, 256)),
        "depth": np.zeros((128, 256)),
        "semantic_logits": np.zeros((64, 128, 19)),
    }
    assert image_size(case) == (128, 256)


def test_array_without_two_axes_tells_no_size():
    assert image_size({"disp": np.zeros(7)}) is None


def test_arrays_come_at_the_case_s_size_and_as_it_lays_them_out(shapes):
    arrays = omeganet_arrays({"flow_fw_level2": np.zeros((32, 64, 2))}, shapes, 20)
    wanted = {"disp": (128, 256), "flow_fw_level2": (32, 64, 2), "pose": (1, 2, 6)}
    assert {name: arrays[name].shape for name in wanted} == wanted


@pytest.mark.parametrize("size", [(192, 600), (64, 640)])
def test_size_that_the_network_cannot_take_is_refused(shapes, size):
    with pytest.raises(ValueError, match="multiples of 64 px and at least 128 px, got"):
        omeganet_arrays({"flow_fw": np.zeros((*size, 2))}, shapes, 10)


def test_variables_without_flow_network_are_refused(shapes):
    baseline = {name: shape for name, shape in shapes.items() if "superflow" not in name}
    with pytest.raises(ValueError, match="whole OmegaNet, got none of superflow/"):
        omeganet_arrays({"disp": np.zeros((128, 256))}, baseline, 10)
