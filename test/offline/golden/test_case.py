import numpy as np
import pytest
import torch

from offline.golden.case import Operation, batched, published_layout

CASE = {"a": np.zeros((2, 3))}


def test_operation_reads_a_case_that_has_all_its_inputs():
    assert Operation(("a",), lambda case: case["a"]).can_read(CASE)
    assert not Operation(("a", "b"), lambda case: case["a"]).can_read(CASE)


def test_operation_that_fails_names_its_output_and_inputs():
    operation = Operation(("a",), lambda case: case["a"] @ case["a"])
    with pytest.raises(ValueError, match=r"c cannot be computed from a float64\(2, 3\)"):
        operation.apply("c", CASE)


@pytest.mark.parametrize(("stored", "batch"), [((2, 3), (1, 1, 2, 3)), ((2, 3, 4), (1, 4, 2, 3))])
def test_arrays_become_batches_of_one_channels_first(stored, batch):
    assert batched(np.zeros(stored)).shape == batch


def test_tensors_lose_their_batch_and_get_channels_last():
    assert published_layout(torch.zeros(1, 4, 2, 3)).shape == (2, 3, 4)
    assert published_layout(torch.zeros(1, 2, 3)).shape == (2, 3)
