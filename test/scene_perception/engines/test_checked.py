"""Engines come out of the cache or are compiled; none gets out without the gate's word."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from torch import Tensor, nn

from scene_perception.engines.backends import BACKENDS, EngineError, Request
from scene_perception.engines.base import TensorSpec
from scene_perception.engines.cache import EngineCache
from scene_perception.engines.cache_key import key_of
from scene_perception.engines.checked import CheckedEngines, Obstacle
from scene_perception.engines.gate import samples
from scene_perception.engines.torch_engine import TorchEngine


class Doubled(NamedTuple):
    doubled: Tensor


class Double(nn.Module):
    def forward(self, value: Tensor) -> Doubled:
        return Doubled(2 * value)


INPUTS = {"value": TensorSpec((1, 3))}


class Scripted:
    """PyTorch behind files; ``loads`` says what each call of ``load`` raises, if anything."""

    name = "scripted"
    keeps_files = True

    def __init__(
        self, *loads: Exception | None, compiles: Exception | None = None, lack: str = ""
    ) -> None:
        self.loads, self.compiles, self.lack = list(loads), compiles, lack
        self.compiled = 0

    def missing(self, request: Request) -> str:
        return self.lack

    def versions(self) -> dict[str, str]:
        return {}

    def compile(self, request: Request, folder: Path) -> None:
        self.compiled += 1
        if self.compiles is not None:
            raise self.compiles
        (folder / "engine").write_text(request.part)

    def load(self, request: Request, folder: Path) -> TorchEngine:
        error = self.loads.pop(0) if self.loads else None
        if error is not None:
            raise error
        assert (folder / "engine").read_text() == request.part
        return TorchEngine(request.module, request.inputs)


@pytest.fixture
def request_() -> Request:
    return Request("double", Double(), INPUTS)


def made(backend: Scripted, request: Request, root: Path) -> TorchEngine | Obstacle:
    checked = CheckedEngines(
        {**BACKENDS, "scripted": backend},
        EngineCache(root),
        lambda part: samples({part: request.module}, {part: request.inputs})[part],
    )
    return checked.engine(request, "scripted")


def test_what_is_compiled_once_is_found_again(request_: Request, tmp_path: Path) -> None:
    first, again = Scripted(), Scripted()
    assert isinstance(made(first, request_, tmp_path), TorchEngine)
    assert isinstance(made(again, request_, tmp_path), TorchEngine)
    assert (first.compiled, again.compiled) == (1, 0)


def test_kept_files_that_do_not_load_are_made_again(request_: Request, tmp_path: Path) -> None:
    made(Scripted(), request_, tmp_path)
    again = Scripted(EngineError("another driver"))
    assert isinstance(made(again, request_, tmp_path), TorchEngine)
    assert again.compiled == 1


def test_new_files_that_do_not_load_are_an_obstacle(request_: Request, tmp_path: Path) -> None:
    found = made(Scripted(EngineError("no such operator")), request_, tmp_path)
    assert found == Obstacle("no such operator", alarming=True, lasts=True)


def test_what_is_not_installed_is_nothing_to_worry_about(request_: Request, tmp_path: Path) -> None:
    found = made(Scripted(lack="no library"), request_, tmp_path)
    assert found == Obstacle("no library", alarming=False, lasts=True)


def test_whatever_a_compiler_raises_is_a_reason_and_may_go_away(
    request_: Request, tmp_path: Path
) -> None:
    found = made(Scripted(compiles=TypeError("unknown argument")), request_, tmp_path)
    assert found == Obstacle("TypeError: unknown argument", alarming=True, lasts=False)


def test_a_damaged_engine_passes_the_gate_anew(request_: Request, tmp_path: Path) -> None:
    backend = Scripted()
    made(backend, request_, tmp_path)
    (file,) = tmp_path.rglob("engine")
    file.write_text("tampered")
    assert isinstance(made(backend, request_, tmp_path), TorchEngine)
    assert backend.compiled == 2
    assert EngineCache(tmp_path).notes(key_of(request_, backend))["gate passed"] is True
