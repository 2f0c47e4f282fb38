"""The backend's name decides which engine a module becomes."""

from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn

from scene_perception.engines.base import TensorSpec
from scene_perception.engines.build import build_engine, resolve_device
from scene_perception.engines.constant_engine import ConstantEngine
from scene_perception.engines.torch_engine import TorchEngine


class Doubled(NamedTuple):
    y: Tensor


class Double(nn.Module):
    def forward(self, x: Tensor) -> Doubled:
        return Doubled(2 * x)


INPUTS = {"x": TensorSpec((3,))}


@pytest.mark.parametrize("backend", ["auto", "torch"])
def test_torch_computes(backend):
    engine = build_engine(Double(), INPUTS, backend, "cpu")
    assert isinstance(engine, TorchEngine)
    assert engine(x=torch.tensor([1.0, 2.0, 3.0]))["y"].tolist() == [2.0, 4.0, 6.0]


def test_constant_only_looks_as_if():
    engine = build_engine(Double(), INPUTS, "constant", "cpu")
    assert isinstance(engine, ConstantEngine)
    assert torch.equal(engine(x=torch.zeros(3))["y"], engine(x=torch.ones(3))["y"])
    assert engine.outputs == {"y": TensorSpec((3,))}


def test_an_unknown_backend_is_refused():
    with pytest.raises(ValueError, match="must be one of auto, torch, constant, got abacus"):
        build_engine(Double(), INPUTS, "abacus", "cpu")


def test_auto_takes_a_device_that_is_there():
    assert resolve_device("auto") == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA device")
def test_cuda_without_a_device_is_refused():
    with pytest.raises(ValueError, match=r"must be auto or cpu .* got cuda"):
        resolve_device("cuda")
