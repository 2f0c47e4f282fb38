"""ONNX Runtime gives eager PyTorch's numbers, from one file."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn

from scene_perception.engines.backends import EngineError, Request
from scene_perception.engines.base import TensorSpec
from scene_perception.engines.onnxruntime_engine import (
    OPTIMISED_FILE,
    OnnxRuntimeBackend,
    OnnxRuntimeEngine,
)
from scene_perception.models.layers import ReflectConv

pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

SHAPE = (1, 3, 8, 10)


class Outputs(NamedTuple):
    features: Tensor
    best: Tensor


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = ReflectConv(3, 5)

    def forward(self, image: Tensor, offset: Tensor) -> Outputs:
        features = self.layer(image) - offset
        return Outputs(features, features.max(1).indices.to(torch.uint8))


@pytest.fixture(scope="module")
def request_() -> Request:
    torch.manual_seed(0)
    module = Network().eval()
    for parameter in module.parameters():
        nn.init.normal_(parameter)
    specs = {"image": TensorSpec(SHAPE), "offset": TensorSpec((1, 1, 1, 1))}
    return Request("part", module, specs)


@pytest.fixture(scope="module")
def compiled(request_: Request, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("compiled")
    OnnxRuntimeBackend().compile(request_, path)
    return path


@pytest.fixture
def engine(request_: Request, compiled: Path) -> OnnxRuntimeEngine:
    return OnnxRuntimeBackend().load(request_, compiled)


def tensors() -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(1)
    return {
        "image": torch.rand(SHAPE, generator=generator),
        "offset": torch.rand((1, 1, 1, 1), generator=generator),
    }


def test_it_gives_eager_pytorchs_numbers(engine: OnnxRuntimeEngine, request_: Request) -> None:
    with torch.no_grad():
        expected = request_.module(**tensors())
    given = engine(**tensors())
    torch.testing.assert_close(given["features"], expected.features)
    assert given["best"].equal(expected.best)


def test_inputs_and_outputs_are_the_modules(engine: OnnxRuntimeEngine) -> None:
    assert engine.inputs == {"image": TensorSpec(SHAPE), "offset": TensorSpec((1, 1, 1, 1))}
    assert engine.outputs == {
        "features": TensorSpec((1, 5, 8, 10)),
        "best": TensorSpec((1, 8, 10), torch.uint8),
    }


def test_inputs_may_have_any_layout_in_memory(engine: OnnxRuntimeEngine) -> None:
    given = tensors()
    turned = given["image"].contiguous(memory_format=torch.channels_last)
    expected = engine(**given)["features"].clone()
    assert engine(image=turned, offset=given["offset"])["features"].equal(expected)


def test_the_next_call_overwrites_the_outputs(engine: OnnxRuntimeEngine) -> None:
    first = engine(**tensors())["features"]
    second = engine(image=torch.zeros(SHAPE), offset=torch.zeros((1, 1, 1, 1)))["features"]
    assert first.data_ptr() == second.data_ptr()


def test_a_wrong_input_is_named(engine: OnnxRuntimeEngine) -> None:
    with pytest.raises(ValueError, match="engine inputs differ"):
        engine(image=torch.zeros(SHAPE))


def test_one_file_is_kept(compiled: Path) -> None:
    assert [path.name for path in compiled.iterdir()] == [OPTIMISED_FILE]


def test_a_broken_file_is_refused(request_: Request, compiled: Path, tmp_path: Path) -> None:
    shutil.copytree(compiled, tmp_path, dirs_exist_ok=True)
    (tmp_path / OPTIMISED_FILE).write_bytes(b"no model")
    with pytest.raises(EngineError, match="part does not load with onnxruntime"):
        OnnxRuntimeBackend().load(request_, tmp_path)


def test_it_is_for_cpus_and_float32(request_: Request) -> None:
    backend = OnnxRuntimeBackend()
    assert backend.missing(request_) == ""
    on_gpu = Request("part", request_.module, request_.inputs, device="cuda")
    halved = Request("part", request_.module, request_.inputs, "float16")
    assert "network.device is cuda" in backend.missing(on_gpu)
    assert "network.precision is float16" in backend.missing(halved)


def test_versions_tell_libraries_and_processor() -> None:
    versions = OnnxRuntimeBackend().versions()
    assert {"torch", "onnx", "onnxruntime", "processor"} <= versions.keys()
    assert all(versions.values())
