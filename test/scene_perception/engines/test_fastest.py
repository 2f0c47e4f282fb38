"""The fastest backend is found by measurement, and remembered while nothing changes."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from torch import Tensor, nn

from scene_perception.engines import fastest
from scene_perception.engines.backends import Request
from scene_perception.engines.base import TensorSpec
from scene_perception.engines.cache import EngineCache
from scene_perception.engines.fastest import Chosen, FastestEngines
from scene_perception.engines.gate import samples
from scene_perception.engines.torch_engine import TorchEngine


class Doubled(NamedTuple):
    doubled: Tensor


class Double(nn.Module):
    def forward(self, value: Tensor) -> Doubled:
        return Doubled(2 * value)


class Plain:
    """PyTorch under another name and version."""

    keeps_files = False

    def __init__(self, name: str, version: str = "1", lack: str = "", fault: str = "") -> None:
        self.name, self.version, self.lack, self.fault = name, version, lack, fault

    def missing(self, request: Request) -> str:
        return self.lack

    def versions(self) -> dict[str, str]:
        return {self.name: self.version}

    def compile(self, request: Request, folder: Path) -> None:
        raise AssertionError("nothing to compile")

    def load(self, request: Request, folder: Path) -> TorchEngine:
        if self.fault:
            raise OSError(self.fault)
        return TorchEngine(request.module, request.inputs)


@pytest.fixture
def times_ms(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """What the next measurement says; empty, it must not be taken."""
    told: dict[str, float] = {}

    def milliseconds(engines: dict, _inputs: dict) -> dict[str, float]:
        assert told, "it was measured again"
        return {name: told[name] for name in engines}

    monkeypatch.setattr(fastest, "milliseconds", milliseconds)
    return told


def chosen(root: Path, *backends: Plain) -> Chosen:
    named = {backend.name: backend for backend in backends}
    request = Request("double", Double(), {"value": TensorSpec((1, 3))})
    parts, specs = {"double": request.module}, {"double": request.inputs}
    choose = FastestEngines(named, EngineCache(root), lambda part: samples(parts, specs)[part])
    return choose.choose(request, list(named))


def test_the_fastest_is_taken(times_ms: dict[str, float], tmp_path: Path) -> None:
    times_ms |= {"one": 3.0, "two": 2.0}
    found = chosen(tmp_path, Plain("one"), Plain("two"))
    assert (found.name, found.times_ms) == ("two", {"one": 3.0, "two": 2.0})


def test_what_was_measured_is_remembered(times_ms: dict[str, float], tmp_path: Path) -> None:
    times_ms |= {"one": 3.0, "two": 2.0}
    chosen(tmp_path, Plain("one"), Plain("two"), Plain("three", lack="no library"))
    times_ms.clear()
    found = chosen(tmp_path, Plain("one"), Plain("two"), Plain("three", lack="no library"))
    assert (found.name, found.times_ms) == ("two", {"one": 3.0, "two": 2.0})
    assert found.obstacles["three"].reason == "no library"


@pytest.mark.parametrize("changed", [Plain("three"), Plain("three", version="2")])
def test_a_library_that_is_new_is_measured(
    changed: Plain, times_ms: dict[str, float], tmp_path: Path
) -> None:
    times_ms |= {"one": 3.0, "two": 2.0, "three": 1.0}
    chosen(tmp_path, Plain("one"), Plain("two"), Plain("three", lack="no library"))
    assert chosen(tmp_path, Plain("one"), Plain("two"), changed).name == "three"


def test_a_fault_that_may_go_away_is_not_remembered(
    times_ms: dict[str, float], tmp_path: Path
) -> None:
    times_ms |= {"one": 3.0, "two": 2.0}
    found = chosen(tmp_path, Plain("one"), Plain("two", fault="no space left"))
    assert (found.name, found.obstacles["two"].lasts) == ("one", False)
    assert chosen(tmp_path, Plain("one"), Plain("two")).name == "two"


def test_one_backend_alone_is_not_measured(times_ms: dict[str, float], tmp_path: Path) -> None:
    assert chosen(tmp_path, Plain("one")).name == "one"


def test_where_none_serves_the_reasons_are_all_there_is(
    times_ms: dict[str, float], tmp_path: Path
) -> None:
    found = chosen(tmp_path, Plain("one", lack="no library"), Plain("two", fault="no memory"))
    assert (found.name, found.engine) == ("", None)
    assert {name: it.reason for name, it in found.obstacles.items()} == {
        "one": "no library",
        "two": "OSError: no memory",
    }
