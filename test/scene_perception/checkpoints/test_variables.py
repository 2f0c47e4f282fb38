import numpy as np
import pytest
import torch

from scene_perception.checkpoints.variables import network_variables, state_of, stored_shape

KERNEL = np.arange(24, dtype=np.float32).reshape(1, 2, 3, 4)


def test_slots_and_counters_are_passed_over():
    own = {"a/weights": KERNEL}
    training = ("a/weights/Adam", "a/weights/Momentum", "beta1_power", "global_step", "Variable")
    variables = {**own, **dict.fromkeys(training, np.zeros(1))}
    assert network_variables(variables, {"a/weights"}, "Net") == own


def test_slot_of_an_unknown_variable_is_unknown():
    with pytest.raises(ValueError, match=r"b/Adam \(1,\) is not one of Net's"):
        network_variables({"b/Adam": np.zeros(1)}, {"a"}, "Net")


def test_state_has_our_names_and_layout_and_leaves_out_what_is_unused():
    variables = {"a/weights": KERNEL, "b": np.ones(2, np.float32)}
    shapes = {"a/weights": (1, 2, 3, 4), "b": (2,)}
    state = state_of(variables, {"a/weights": "a.weight", "b": None}, shapes, "a whole Net")
    assert list(state) == ["a.weight"]
    assert torch.equal(state["a.weight"], torch.from_numpy(KERNEL).permute(3, 2, 0, 1))


def test_incomplete_variables_are_refused():
    with pytest.raises(ValueError, match="must be those of a whole Net: b is missing"):
        state_of({}, {"b": "b"}, {"b": (2,)}, "a whole Net")


def test_integers_are_refused():
    with pytest.raises(ValueError, match="variable b must hold floats, got int64"):
        state_of({"b": np.zeros(2, np.int64)}, {"b": "b"}, {"b": (2,)}, "a whole Net")


@pytest.mark.parametrize(("ours", "stored"), [((8, 4, 3, 2), (3, 2, 4, 8)), ((5,), (5,))])
def test_kernels_are_stored_with_their_axes_reversed_in_pairs(ours, stored):
    assert stored_shape(ours) == stored
