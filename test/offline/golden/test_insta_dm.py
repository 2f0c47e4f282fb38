import json

import numpy as np
import pytest

from offline.golden.comparison import compare
from offline.golden.insta_dm import INSTA_DM_CASES, network_arrays

BOXES = {
    "obj_boxes_a": np.array([[0, 32, 10, 50], [8, 64, 0, 96]]),
    "obj_boxes_b": np.array([[0, 30, 12, 52], [8, 64, 0, 90]]),
}


@pytest.fixture(scope="module")
def data(repository):
    return repository / "test/data/insta_dm"


@pytest.fixture(scope="module")
def shapes(data):
    listed = json.loads((data / "variables.json").read_text())
    return {
        f"{network}/{name}": tuple(shape)
        for network, entries in listed.items()
        for name, shape in entries.items()
    }


@pytest.fixture(scope="module")
def sampled(data):
    """Arrays of the published networks at 256x832, some rows and columns of the large ones."""
    with np.load(data / "network_10_sampled.npz") as case:
        return dict(case)


def test_every_array_of_the_published_networks_agrees(sampled, shapes):
    # Without those of which some rows alone are left, so that the size is the published one.
    case = {name: a for name, a in sampled.items() if not name.startswith(("disp_", "depth_"))}
    arrays = INSTA_DM_CASES.arrays(case, shapes, 10)
    golden = sampled.keys() - INSTA_DM_CASES.inputs(sampled)
    assert golden <= arrays.keys()
    assert len(golden) == 16
    for name in golden:
        step = arrays[name].shape[-1] // sampled[name].shape[-1]
        ours = arrays[name][..., ::step, ::step] if step > 1 else arrays[name]
        assert compare(name, "insta_dm", sampled[name], ours).passed, name


def test_boxes_are_the_only_inputs(sampled):
    assert set(INSTA_DM_CASES.inputs(sampled)) == {"obj_boxes_a", "obj_boxes_b"}


def test_arrays_come_at_the_case_s_size_for_its_boxes_and_pairs(shapes):
    case = {**BOXES, "disp_eval_2": np.zeros((16, 24)), "ego_matrix_2_0": np.zeros(1)}
    arrays = network_arrays(case, shapes, 20)
    wanted = {
        "disp_eval_0": (64, 96),
        "disp_train_0": (64, 96),
        "disp_encoder_stats": (5, 3),
        "ego_matrix_2_0": (3, 4),
        "obj_pose_swapped": (2, 3),
    }
    assert {name: arrays[name].shape for name in wanted} == wanted
    assert "ego_pose_0_1" not in arrays


def test_training_leaves_evaluation_as_it_was(shapes):
    names = ("ego_pose_0_1_train", "ego_pose_0_1")
    case = {"disp_eval_0": np.zeros((64, 96)), **dict.fromkeys(names, np.zeros(6))}
    both = network_arrays(case, shapes, 10)
    alone = network_arrays({name: case[name] for name in ("disp_eval_0", names[1])}, shapes, 10)
    np.testing.assert_array_equal(both["ego_pose_0_1"], alone["ego_pose_0_1"])
    assert np.abs(both["ego_pose_0_1_train"] - both["ego_pose_0_1"]).max() > 1e-3


def test_networks_without_variables_are_not_computed(shapes):
    depth = {name: shape for name, shape in shapes.items() if name.startswith("dispnet/")}
    case = {**BOXES, "disp_eval_0": np.zeros((64, 96)), "ego_pose_0_1": np.zeros(6)}
    arrays = network_arrays(case, depth, 10)
    assert arrays.keys().isdisjoint({"ego_pose_0_1", "obj_pose"})


def test_variables_of_one_network_without_its_name_are_refused(shapes):
    bare = {name.partition("/")[2]: shape for name, shape in shapes.items()}
    with pytest.raises(ValueError, match="networks must be dispnet and any of"):
        network_arrays({"disp_eval_0": np.zeros((64, 96))}, bare, 10)
