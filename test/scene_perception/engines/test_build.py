"""Settings decide what runs each part; what does not serve is passed over, with a reason."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn

from scene_perception.engines.backends import BACKENDS, Backend, EngineError, Request
from scene_perception.engines.base import TensorSpec
from scene_perception.engines.build import Built, build_engines, resolve_device, specifications
from scene_perception.engines.config import NetworkConfig
from scene_perception.engines.constant_engine import ConstantEngine
from scene_perception.engines.torch_engine import TorchEngine

NetworkOf = Callable[..., Built]


class Doubled(NamedTuple):
    doubled: Tensor


class Double(nn.Module):
    def forward(self, value: Tensor) -> Doubled:
        return Doubled(2 * value)


class Halved(NamedTuple):
    halved: Tensor


class Halve(nn.Module):
    def forward(self, doubled: Tensor) -> Halved:
        return Halved(0.5 * doubled)


SHAPES = {"double": {"value": (1, 3)}, "halve": {"doubled": (1, 3)}}


class Off:
    """PyTorch whose numbers are off by a factor, in parts of a kind; it counts what it does."""

    name = "openvino"
    keeps_files = True

    def __init__(self, factor: float = 1.0, kind: type[nn.Module] = Double, lack: str = "") -> None:
        self.factor, self.kind, self.lack = factor, kind, lack
        self.compiled: list[str] = []

    def missing(self, request: Request) -> str:
        return self.lack

    def versions(self) -> dict[str, str]:
        return {"off": str(self.factor)}

    def compile(self, request: Request, folder: Path) -> None:
        self.compiled.append(request.part)
        (folder / "factor.txt").write_text(str(self.factor))

    def load(self, request: Request, folder: Path) -> TorchEngine:
        factor = float((folder / "factor.txt").read_text())
        scaled = _Scaled(request.module, factor if isinstance(request.module, self.kind) else 1.0)
        return TorchEngine(scaled, request.inputs)


class _Scaled(nn.Module):
    def __init__(self, module: nn.Module, factor: float) -> None:
        super().__init__()
        self._module, self._factor = module, factor

    def forward(self, **tensors: Tensor) -> NamedTuple:
        outputs = self._module(**tensors)
        return type(outputs)(*(self._factor * tensor for tensor in outputs))


@pytest.fixture
def build(tmp_path: Path) -> NetworkOf:
    """Build both parts with settings and one backend of our own in OpenVINO's place."""

    def built(own: Backend | None = None, **settings: object) -> Built:
        absent = Off(lack="it is not installed")
        backends = {**BACKENDS, "openvino": own or absent, "onnxruntime": absent}
        config = NetworkConfig(**{"device": "cpu", "cache_dir": str(tmp_path), **settings})
        parts = {"double": Double(), "halve": Halve()}
        return build_engines(parts, SHAPES, config, backends=backends)

    return built


def test_torch_computes(build: NetworkOf) -> None:
    built = build(backend="torch")
    assert isinstance(built.engines["double"], TorchEngine)
    assert (built.backend, built.notes, built.warnings) == ("torch", (), ())
    doubled = built.engines["double"](value=torch.tensor([[1.0, 2.0, 3.0]]))["doubled"]
    assert doubled.tolist() == [[2.0, 4.0, 6.0]]


def test_constant_only_looks_as_if(build: NetworkOf) -> None:
    engine = build(backend="constant", precision="int8").engines["double"]
    assert isinstance(engine, ConstantEngine)
    first, second = (engine(value=torch.full((1, 3), value)) for value in (0.0, 1.0))
    assert torch.equal(first["doubled"], second["doubled"])


def test_auto_ends_at_torch_and_says_why_others_were_passed_over(build: NetworkOf) -> None:
    built = build()
    assert built.backend == "torch"
    assert "openvino passed over: it is not installed" in built.notes
    assert "onnxruntime passed over: it is not installed" in built.notes
    assert built.warnings == ()


def test_what_was_measured_is_told(build: NetworkOf) -> None:
    built = build(Off())
    (line,) = (line for line in built.notes if line.startswith("double: "))
    assert "openvino " in line
    assert "torch " in line
    assert set(built.backend.replace("(", " ").split()) & {"openvino", "torch"}


def test_what_is_cached_is_loaded_in_threads_and_not_compiled_again(build: NetworkOf) -> None:
    class Watched(Off):
        def __init__(self) -> None:
            super().__init__()
            self.loaded_in: list[int] = []

        def load(self, request: Request, folder: Path) -> TorchEngine:
            self.loaded_in.append(threading.get_ident())
            return super().load(request, folder)

    build(Watched(), backend="openvino")
    warm = Watched()
    assert build(warm, backend="openvino").backend == "openvino"
    assert warm.compiled == []
    assert len(warm.loaded_in) == 2
    assert threading.get_ident() not in warm.loaded_in


def test_a_wrong_engine_is_refused_and_replaced(build: NetworkOf) -> None:
    built = build(Off(factor=1.01))
    (warning,) = built.warnings
    assert warning.startswith("openvino passed over for double: refused, its numbers are wrong")
    assert "double's doubled is off by" in warning
    doubled = built.engines["double"](value=torch.tensor([[1.0, 2.0, 3.0]]))["doubled"]
    assert doubled.tolist() == [[2.0, 4.0, 6.0]]


def test_a_named_backend_that_gives_wrong_numbers_is_an_error(build: NetworkOf) -> None:
    with pytest.raises(EngineError, match=r"backend openvino cannot run double: .*wrong.* auto"):
        build(Off(factor=1.01), backend="openvino")


def test_a_named_backend_that_is_missing_is_an_error_that_says_why(build: NetworkOf) -> None:
    with pytest.raises(EngineError, match="openvino cannot run double: openvino: it is not inst"):
        build(backend="openvino")


def test_a_named_backend_is_not_measured_against_others(build: NetworkOf) -> None:
    built = build(Off(), backend="openvino")
    assert (built.backend, built.notes) == ("openvino", ())


def test_a_warm_start_compiles_nothing(build: NetworkOf) -> None:
    cold, warm = Off(), Off()
    build(cold)
    build(warm)
    assert (cold.compiled, warm.compiled) == (["double", "halve"], [])


def test_a_warm_start_runs_no_reference(build: NetworkOf, monkeypatch: pytest.MonkeyPatch) -> None:
    first = build(Off())

    def samples(*_arguments: object) -> None:
        raise AssertionError("the gate ran again")

    monkeypatch.setattr("scene_perception.engines.build.samples", samples)
    again = build(Off())
    assert (again.backend, again.notes) == (first.backend, first.notes)


def test_a_refusal_is_remembered_and_told_again(build: NetworkOf) -> None:
    first, again = Off(factor=1.01), Off(factor=1.01)
    warnings = build(first).warnings
    assert build(again).warnings == warnings
    assert again.compiled == []


def test_a_precision_that_nothing_has_falls_back_to_float32(build: NetworkOf) -> None:
    built = build(precision="float16")
    assert built.backend == "torch in float32"


def test_a_named_backend_does_not_fall_back(build: NetworkOf) -> None:
    with pytest.raises(EngineError, match="it has no float16"):
        build(backend="torch", precision="float16")


def test_a_size_that_the_network_cannot_take_is_refused_by_the_network(tmp_path: Path) -> None:
    class Picky(nn.Module):
        def forward(self, value: Tensor) -> Doubled:
            raise ValueError(f"value must have 3 columns, got {value.shape[1]}")

    config = NetworkConfig(device="cpu", cache_dir=str(tmp_path), backend="torch")
    with pytest.raises(ValueError, match="3 columns, got 4"):
        build_engines({"picky": Picky()}, {"picky": {"value": (1, 4)}}, config)


def test_labels_are_small_whole_numbers() -> None:
    specs = specifications({"labels_next": [1, 4, 4], "image_next": (1, 3, 4, 4)})
    assert specs == {
        "labels_next": TensorSpec((1, 4, 4), torch.uint8),
        "image_next": TensorSpec((1, 3, 4, 4)),
    }


def test_auto_takes_a_device_that_is_there() -> None:
    assert resolve_device("auto") == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.parametrize("backend", ["cpu", "openvino", "onnxruntime"])
def test_backends_for_the_cpu_run_there_on_any_machine(backend: str) -> None:
    assert resolve_device("auto", backend) == "cpu"
    with pytest.raises(ValueError, match=f"with network.backend {backend}, got cuda"):
        resolve_device("cuda", backend)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA device")
def test_cuda_without_a_device_is_refused() -> None:
    with pytest.raises(ValueError, match=r"must be auto or cpu .* got cuda"):
        resolve_device("cuda")
