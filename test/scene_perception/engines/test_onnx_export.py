"""An exported file has the module's names and numbers, and nothing of this machine."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn

from scene_perception.engines.backends import EngineError, Request
from scene_perception.engines.base import TensorSpec
from scene_perception.engines.onnx_export import OPSET, to_onnx

onnx = pytest.importorskip("onnx", reason="needs onnx")
pytest.importorskip("onnxscript", reason="needs onnxscript")


class Moments(NamedTuple):
    mean: Tensor
    labels: Tensor


class Small(nn.Module):
    """Two inputs, two outputs of different types, a batch norm and a stack of what traces hold."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)

    def forward(self, image: Tensor, labels_current: Tensor) -> Moments:
        features = self.norm(self.conv(image)) * (labels_current > 2)[:, None]
        return Moments(features.mean((2, 3)), features.max(1).indices.to(torch.uint8))


INPUTS = {
    "image": TensorSpec((1, 3, 6, 8)),
    "labels_current": TensorSpec((1, 6, 8), torch.uint8),
}


@pytest.fixture(scope="module")
def request_() -> Request:
    torch.manual_seed(0)
    return Request("small", Small().eval(), INPUTS)


@pytest.fixture(scope="module")
def path(request_, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("onnx") / "small.onnx"
    to_onnx(request_, path)
    return path


def test_names_and_order_are_those_of_forward_and_its_result(path):
    graph = onnx.load(path).graph
    assert [value.name for value in graph.input] == ["image", "labels_current"]
    assert [value.name for value in graph.output] == ["mean", "labels"]


def test_the_opset_is_stated(path):
    assert {entry.domain: entry.version for entry in onnx.load(path).opset_import} == {"": OPSET}


def test_everything_is_in_one_file(path):
    assert [file.name for file in path.parent.iterdir()] == ["small.onnx"]


def test_no_path_of_this_machine_is_in_the_file(path):
    assert str(Path(__file__).parent).encode() not in path.read_bytes()
    assert b".py" not in path.read_bytes()


def test_onnx_runtime_gives_the_modules_numbers(path, request_):
    onnxruntime = pytest.importorskip("onnxruntime", reason="needs onnxruntime")
    generator = torch.Generator().manual_seed(1)
    inputs = {
        "image": torch.rand(1, 3, 6, 8, generator=generator),
        "labels_current": torch.randint(5, (1, 6, 8), generator=generator).to(torch.uint8),
    }
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    mean, labels = session.run(None, {name: tensor.numpy() for name, tensor in inputs.items()})
    with torch.no_grad():
        expected = request_.module(**inputs)
    torch.testing.assert_close(torch.from_numpy(mean), expected.mean, rtol=0, atol=1e-6)
    assert torch.equal(torch.from_numpy(labels), expected.labels)


def test_the_module_stays_as_it_is(path, request_):
    assert request_.module.conv.weight.requires_grad
    assert request_.module.conv.weight.dtype == torch.float32


class Nameless(nn.Module):
    def forward(self, image: Tensor) -> Tensor:
        return image + 1


def test_a_module_without_named_outputs_is_refused(tmp_path):
    request = Request("nameless", Nameless(), {"image": TensorSpec((1, 3, 4, 4))})
    with pytest.raises(EngineError, match="must return a NamedTuple"):
        to_onnx(request, tmp_path / "nameless.onnx")


class Undecided(nn.Module):
    def forward(self, image: Tensor) -> Moments:
        return Moments(image, image) if image.sum() > 0 else Moments(-image, image)


def test_a_module_that_cannot_be_traced_is_refused_by_name(tmp_path):
    request = Request("undecided", Undecided(), {"image": TensorSpec((1, 3, 4, 4))})
    with pytest.raises(EngineError, match=r"undecided cannot be traced by torch\.export"):
        to_onnx(request, tmp_path / "undecided.onnx")
