import numpy as np
import pytest

from offline.golden.omeganet_operations import operation_arrays, operation_inputs


@pytest.fixture
def mask():
    return np.arange(6, dtype=np.uint8).reshape(2, 3)


def test_inputs_are_told_by_their_names():
    names = ("mask_in", "cost_in_x1", "mask_out_4x6", "intrinsics", "input_crc32")
    assert operation_inputs(dict.fromkeys(names)) == {"mask_in", "cost_in_x1"}


def test_size_in_the_name_is_the_size_computed(mask):
    case = {"mask_in": mask, "mask_out_4x6": np.zeros((4, 6))}
    expected = mask.repeat(2, 0).repeat(2, 1)
    np.testing.assert_array_equal(operation_arrays(case)["mask_out_4x6"], expected)


@pytest.mark.parametrize("name", ["mask_out", "warp_out", "rigid_out_speed", "warp_out_4x6"])
def test_nothing_is_computed_for_names_that_say_something_else(mask, name):
    assert operation_arrays({"mask_in": mask, name: mask}) == {}


def test_second_resize_starts_from_the_network_size():
    raw = np.array([[1.0, 3.0], [1.0, 3.0]], np.float32)
    case = {"disp_in_raw": raw, "disp_out_4x5": raw}
    row = operation_arrays(case)["disp_out_4x5"][0]
    # Mean 2 gives 0.5, 1.5; to 4: 0.5, 1, 1.5, 1.5; to 5 at 0, 0.8, 1.6, 2.4, 3.2.
    np.testing.assert_allclose(row, [0.5, 0.9, 1.3, 1.5, 1.5], atol=1e-6)
