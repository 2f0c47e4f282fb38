"""The eager engine runs a module as it is, in evaluation mode."""

from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn

from scene_perception.engines.base import TensorSpec
from scene_perception.engines.torch_engine import TorchEngine


class SumOutputs(NamedTuple):
    total: Tensor
    positive: Tensor


class Sum(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(2.0))
        self.dropout = nn.Dropout(0.5)

    def forward(self, left: Tensor, right: Tensor) -> SumOutputs:
        total = self.dropout(self.weight * (left + right))
        return SumOutputs(total, (total > 0).to(torch.uint8))


INPUTS = {"left": TensorSpec((1, 2)), "right": TensorSpec((1, 2))}


def test_outputs_come_by_name():
    outputs = TorchEngine(Sum(), INPUTS)(
        left=torch.tensor([[1.0, -2.0]]), right=torch.tensor([[3.0, 1.0]])
    )
    assert outputs["total"].tolist() == [[8.0, -2.0]]
    assert outputs["positive"].tolist() == [[1, 0]]


def test_output_specifications_are_known_before_the_first_call():
    outputs = TorchEngine(Sum(), INPUTS).outputs
    assert outputs == {
        "total": TensorSpec((1, 2)),
        "positive": TensorSpec((1, 2), torch.uint8),
    }


def test_no_gradient_is_recorded():
    outputs = TorchEngine(Sum(), INPUTS)(left=torch.ones(1, 2), right=torch.ones(1, 2))
    assert not outputs["total"].requires_grad


def test_wrong_inputs_never_reach_the_module():
    engine = TorchEngine(Sum(), INPUTS)
    with pytest.raises(ValueError, match=r"engine inputs differ: missing \['right'\]"):
        engine(left=torch.ones(1, 2))


def test_a_module_without_named_outputs_is_refused():
    with pytest.raises(ValueError, match=r"must return a NamedTuple of tensors, got .*Tensor"):
        TorchEngine(nn.Identity(), {"input": TensorSpec((1,))})
