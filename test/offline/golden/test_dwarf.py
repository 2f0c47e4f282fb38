import json

import numpy as np
import pytest

from offline.golden.dwarf import dwarf_arrays, image_size


@pytest.fixture(scope="module")
def data(repository):
    return repository / "test/data/dwarf"


@pytest.fixture(scope="module")
def shapes(data):
    listed = json.loads((data / "variables.json").read_text())
    return {name: tuple(shape) for name, shape in listed.items()}


def test_every_array_of_the_published_case_tells_the_size(data):
    with np.load(data / "outputs_10.npz") as case:
        sizes = {name: image_size({name: case[name]}) for name in case.files}
    assert set(sizes.values()) == {(128, 384)}


def test_final_arrays_tell_the_size_before_padding(data):
    with np.load(data / "outputs_10_padded.npz") as case:
        sizes = {name: image_size({name: case[name]}) for name in case.files}
    assert set(sizes.values()) == {(121, 371)}
    case = {"level6_flow": np.zeros((2, 6, 2)), "flow": np.zeros((121, 371, 2))}
    assert image_size(case) == (121, 371)


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("level3_up_motion", (16, 32, 4)),
        ("level3_warped_left_t1", (8, 16, 64)),
        ("level2_residual_disparity", (16, 32)),
        ("encoder_left_t0_level6", (1, 2, 196)),
        ("kitti_disp_1", (64, 128)),
    ],
)
def test_size_follows_from_the_level_in_the_name(name, shape):
    assert image_size({name: np.zeros(shape)}) == (64, 128)


def test_unknown_arrays_tell_no_size():
    assert image_size({"surprise": np.zeros((2, 6)), "level6_flow": np.zeros(7)}) is None


def test_arrays_come_at_the_case_s_size_levels_at_the_padded_one(shapes):
    arrays = dwarf_arrays({"kitti_flow_rgb": np.zeros((60, 101, 3))}, shapes, 20)
    wanted = {
        "disparity": (60, 101),
        "flow": (60, 101, 2),
        "kitti_disp_0": (60, 101),
        "level2_disparity": (16, 32),
        "level3_up_features": (16, 32, 4),
    }
    assert {name: arrays[name].shape for name in wanted} == wanted


def test_disparities_are_written_positive(shapes):
    arrays = dwarf_arrays({"disparity": np.zeros((64, 64))}, shapes, 10)
    expected = np.trunc(256 * np.maximum(-arrays["disparity_change"], 0))
    np.testing.assert_array_equal(arrays["kitti_disp_1"], expected)


def test_images_too_small_to_be_reflected_are_refused(shapes):
    with pytest.raises(ValueError, match=r"reflection can fill, got 70x10 px"):
        dwarf_arrays({"disparity": np.zeros((10, 70))}, shapes, 10)


def test_incomplete_variables_are_refused(shapes):
    some = dict(list(shapes.items())[:-1])
    with pytest.raises(ValueError, match=r"a whole DWARF: dwarf/.*/Conv_6/biases is missing"):
        dwarf_arrays({"disparity": np.zeros((64, 64))}, some, 10)
