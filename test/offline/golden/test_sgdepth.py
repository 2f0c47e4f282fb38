import json

import numpy as np
import pytest

from offline.golden.comparison import compare
from offline.golden.sgdepth import SGDEPTH_CASES, network_arrays


@pytest.fixture(scope="module")
def data(repository):
    return repository / "test/data/sgdepth"


@pytest.fixture(scope="module")
def shapes(data):
    listed = json.loads((data / "variables.json").read_text())
    return {name: tuple(shape) for name, shape in listed.items()}


@pytest.fixture(scope="module")
def sampled(data):
    """Arrays of the published network at 192x640, some rows and columns of the large ones."""
    with np.load(data / "network_10_sampled.npz") as case:
        return dict(case)


def test_every_array_of_the_published_network_agrees(sampled, shapes):
    arrays = network_arrays({}, shapes, 10)
    assert arrays.keys() == sampled.keys()
    for name, golden in sampled.items():
        step = arrays[name].shape[-1] // golden.shape[-1]
        ours = arrays[name][..., ::step, ::step] if step > 1 else arrays[name]
        assert compare(name, "sgdepth", golden, ours).passed, name


@pytest.mark.parametrize("name", ["disp_0", "scaled_disp_0", "seg_logits", "seg_argmax"])
def test_arrays_come_at_the_case_s_size(shapes, name):
    arrays = network_arrays({name: np.zeros((20, 64, 96))}, shapes, 20)
    wanted = {"disp_3": (8, 12), "seg_logits": (20, 64, 96), "pose_prev_matrix": (4, 4)}
    assert {name: arrays[name].shape for name in wanted} == wanted


def test_size_that_the_network_cannot_take_is_refused(shapes):
    with pytest.raises(ValueError, match="multiples of 32 px and at least 64 px, got 64x100"):
        network_arrays({"disp_0": np.zeros((64, 100))}, shapes, 10)


def test_incomplete_variables_are_refused(shapes):
    some = dict(list(shapes.items())[:-1])
    with pytest.raises(
        ValueError, match=r"a whole SGDepth: pose\.decoder\.conv_3\.bias is missing"
    ):
        network_arrays({"disp_0": np.zeros((64, 96))}, some, 10)


def test_case_of_the_network_gives_nothing_but_asks_for_its_variables(sampled):
    assert set(SGDEPTH_CASES.inputs(sampled)) == set()
    with pytest.raises(ValueError, match="need its --variables"):
        SGDEPTH_CASES.arrays(sampled, {}, 10)
