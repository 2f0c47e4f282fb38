"""OpenVINO gives eager PyTorch's numbers, from its files and without PyTorch's graph."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn

from scene_perception.engines.backends import EngineError, Request
from scene_perception.engines.base import TensorSpec
from scene_perception.engines.openvino_engine import (
    COMPILED_FILE,
    OpenVINOBackend,
    OpenVINOEngine,
)
from scene_perception.models.layers import ReflectConv

pytest.importorskip("openvino")

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


class NotExportable(Network):
    def forward(self, image: Tensor, offset: Tensor) -> Outputs:
        return super().forward(image, offset * float(image.sum()))


class NotConvertible(Network):
    def forward(self, image: Tensor, offset: Tensor) -> Outputs:
        return super().forward(image, torch.linalg.eigvals(image[..., :8]).real.sum() + offset)


def request_of(module: nn.Module, precision: str = "float32") -> Request:
    torch.manual_seed(0)
    for parameter in module.parameters():
        nn.init.normal_(parameter)
    specs = {"image": TensorSpec(SHAPE), "offset": TensorSpec((1, 1, 1, 1))}
    return Request("part", module.eval(), specs, precision)


@pytest.fixture(scope="module")
def request_() -> Request:
    return request_of(Network())


@pytest.fixture(scope="module")
def compiled(request_: Request, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("compiled")
    OpenVINOBackend().compile(request_, path)
    return path


@pytest.fixture
def folder(compiled: Path, tmp_path: Path) -> Path:
    shutil.copytree(compiled, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture
def engine(request_: Request, folder: Path) -> OpenVINOEngine:
    return OpenVINOBackend().load(request_, folder)


def tensors() -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(1)
    return {
        "image": torch.rand(SHAPE, generator=generator),
        "offset": torch.rand((1, 1, 1, 1), generator=generator),
    }


def assert_equals_eager(engine: OpenVINOEngine, request: Request) -> None:
    with torch.no_grad():
        expected = request.module(**tensors())
    given = engine(**tensors())
    torch.testing.assert_close(given["features"], expected.features)
    assert given["best"].equal(expected.best)


def test_it_gives_eager_pytorchs_numbers(engine: OpenVINOEngine, request_: Request) -> None:
    assert_equals_eager(engine, request_)


def test_inputs_and_outputs_are_the_modules(engine: OpenVINOEngine) -> None:
    assert engine.inputs == {"image": TensorSpec(SHAPE), "offset": TensorSpec((1, 1, 1, 1))}
    assert engine.outputs == {
        "features": TensorSpec((1, 5, 8, 10)),
        "best": TensorSpec((1, 8, 10), torch.uint8),
    }


def test_inputs_may_have_any_layout_in_memory(engine: OpenVINOEngine, request_: Request) -> None:
    given = tensors()
    turned = given["image"].contiguous(memory_format=torch.channels_last)
    expected = engine(**given)["features"].clone()
    assert engine(image=turned, offset=given["offset"])["features"].equal(expected)


def test_inputs_stay_as_they_are(engine: OpenVINOEngine) -> None:
    given = tensors()
    engine(**given)
    assert given["image"].equal(tensors()["image"])


def test_the_next_call_overwrites_the_outputs(engine: OpenVINOEngine) -> None:
    first = engine(**tensors())["features"]
    second = engine(image=torch.zeros(SHAPE), offset=torch.zeros((1, 1, 1, 1)))["features"]
    assert first.data_ptr() == second.data_ptr()


def test_a_wrong_input_is_named(engine: OpenVINOEngine) -> None:
    with pytest.raises(ValueError, match="engine input image must be"):
        engine(**{**tensors(), "image": torch.zeros(1, 3, 8, 8)})


def test_what_openvino_does_not_take_is_refused(request_: Request, folder: Path) -> None:
    (folder / COMPILED_FILE).write_bytes(b"of another version")
    with pytest.raises(EngineError, match="part does not load with openvino"):
        OpenVINOBackend().load(request_, folder)


def test_the_compiled_file_is_all_that_is_kept(folder: Path) -> None:
    assert [path.name for path in folder.rglob("*")] == [COMPILED_FILE]


def test_an_empty_folder_is_refused(request_: Request, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="part does not load with openvino"):
        OpenVINOBackend().load(request_, tmp_path)


def test_a_module_that_cannot_be_exported_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="part cannot be traced"):
        OpenVINOBackend().compile(request_of(NotExportable()), tmp_path)


def test_a_module_that_cannot_be_converted_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="openvino cannot convert part"):
        OpenVINOBackend().compile(request_of(NotConvertible()), tmp_path)


def test_int8_is_left_to_calibration(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="must be calibrated"):
        OpenVINOBackend().compile(request_of(Network(), "int8"), tmp_path)


@pytest.mark.usefixtures("compiled")
def test_the_module_stays_as_it_was(request_: Request) -> None:
    assert request_.module.get_submodule("layer.norm") is not None


def test_it_is_for_cpus(request_: Request) -> None:
    assert OpenVINOBackend().missing(request_) == ""
    on_gpu = Request("part", request_.module, request_.inputs, device="cuda")
    assert "network.device is cuda" in OpenVINOBackend().missing(on_gpu)


def test_versions_tell_library_and_processor() -> None:
    versions = OpenVINOBackend().versions()
    assert {"torch", "openvino", "processor"} <= versions.keys()
    assert all(versions.values())
