"""The constant engine gives what it was given, and checks its inputs as any other."""

import pytest
import torch

from scene_perception.engines.base import TensorSpec
from scene_perception.engines.constant_engine import ConstantEngine

INPUTS = {"image": TensorSpec((1, 3, 2, 2))}


def test_every_call_returns_the_constants():
    engine = ConstantEngine(INPUTS, {"labels": torch.full((1, 2, 2), 7, dtype=torch.uint8)})
    for image in (torch.zeros(1, 3, 2, 2), torch.ones(1, 3, 2, 2)):
        assert engine(image=image)["labels"].tolist() == [[[7, 7], [7, 7]]]
    assert engine.outputs == {"labels": TensorSpec((1, 2, 2), torch.uint8)}


def test_a_recording_has_the_outputs_of_the_engine_that_it_stands_for():
    constants = {"a": torch.tensor([1.0, 2.0]), "b": torch.tensor([3], dtype=torch.uint8)}
    original = ConstantEngine(INPUTS, constants)
    recorded = ConstantEngine.recorded(original)
    outputs = recorded(image=torch.zeros(1, 3, 2, 2))
    assert recorded.inputs == original.inputs
    assert all(torch.equal(outputs[name], constants[name]) for name in constants)


def test_wrong_inputs_are_refused():
    engine = ConstantEngine(INPUTS, {})
    with pytest.raises(ValueError, match="engine input image must be"):
        engine(image=torch.zeros(1, 3, 2, 3))
