import numpy as np
import pytest
import torch

from offline.golden.case import Operation, batched, network_or_operations, published_layout

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


class Doubling:
    """Cases of one kind: b is twice a."""

    def arrays(self, case, seed):
        return {"b": 2 * case["a"] + seed} if "a" in case else {}

    def inputs(self, case):
        return case.keys() & {"a"}


def test_case_is_of_operations_where_these_compute_anything_and_else_of_the_network():
    network = network_or_operations(
        lambda case, shapes, seed: {"c": np.array(seed)}, Doubling(), given=("box",)
    )
    assert network.arrays({"a": np.ones(1)}, {}, 10)["b"] == 12
    assert network.arrays({"c": np.ones(1)}, {}, 10)["c"] == 10
    assert network.inputs({"a": np.ones(1), "b": np.ones(1)}) == {"a"}
    assert network.inputs({"box": np.ones(1), "c": np.ones(1)}) == {"box"}
