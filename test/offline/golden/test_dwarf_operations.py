import numpy as np
import pytest

from offline.golden.dwarf_operations import operation_arrays, operation_inputs


@pytest.fixture
def case(repository):
    with np.load(repository / "test/data/dwarf/operations.npz") as arrays:
        return dict(arrays)


def test_every_output_of_the_published_case_is_computed(case):
    assert case.keys() - operation_inputs(case) == operation_arrays(case).keys()
    assert len(operation_arrays(case)) == 10


def test_flow_is_an_input_only_beside_what_reads_it(case):
    assert "flow" in operation_inputs(case)
    assert operation_inputs({"flow": case["flow"], "disparity": case["shift_x"]}) == set()


def test_operation_without_its_inputs_is_not_computed(case):
    del case["up_kernel"]
    assert operation_arrays(case).keys().isdisjoint({"conv_transpose_x2"})


def test_operations_are_computed_at_the_size_of_their_inputs():
    case = {"small_map": np.array([[[0.0], [4.0]]], np.float32), "resize_x4": np.zeros(1)}
    row = operation_arrays(case)["resize_x4"][0, :, 0]
    assert row.tolist() == [0, 1, 2, 3, 4, 4, 4, 4]


def test_inputs_that_do_not_fit_together_are_named(case):
    case["shift_x"] = np.zeros((2, 2, 1), np.float32)
    with pytest.raises(ValueError, match=r"warp_by_shift_x cannot be .* shift_x float32\(2, 2, 1"):
        operation_arrays(case)
