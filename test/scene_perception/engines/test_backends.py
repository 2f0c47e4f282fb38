"""Every backend by name, and those that need no library."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn

from scene_perception.engines.backends import BACKENDS, CPU, MEASURED, ORDER, Request
from scene_perception.engines.base import TensorSpec
from scene_perception.engines.constant_engine import ConstantEngine
from scene_perception.engines.torch_engine import TorchEngine


class Doubled(NamedTuple):
    doubled: Tensor


class Double(nn.Module):
    def forward(self, value: Tensor) -> Doubled:
        return Doubled(2 * value)


def request_of(precision: str = "float32") -> Request:
    return Request("double", Double(), {"value": TensorSpec((1, 2))}, precision)


def test_auto_ends_at_eager_pytorch_on_every_device() -> None:
    assert [order[-1] for order in ORDER.values()] == ["torch", "torch"]


def test_what_auto_tries_and_what_cpu_measures_is_registered() -> None:
    tried = {name for order in ORDER.values() for name in order} | set(MEASURED)
    assert tried - {CPU} <= set(BACKENDS)


@pytest.mark.parametrize("name", ["torch", "constant"])
def test_a_backend_knows_its_name(name: str) -> None:
    assert BACKENDS[name].name == name


def test_an_unknown_name_is_no_backend() -> None:
    assert "abacus" not in BACKENDS
    with pytest.raises(KeyError):
        BACKENDS["abacus"]


def test_listing_the_backends_imports_no_library_of_theirs() -> None:
    before = set(sys.modules)
    assert len(list(BACKENDS)) == len(BACKENDS)
    assert set(sys.modules) == before


def test_torch_runs_the_module(tmp_path: Path) -> None:
    engine = BACKENDS["torch"].load(request_of(), tmp_path)
    assert isinstance(engine, TorchEngine)
    assert engine(value=torch.ones(1, 2))["doubled"].tolist() == [[2.0, 2.0]]


def test_torch_says_that_it_has_no_half_precision() -> None:
    assert "no float16" in BACKENDS["torch"].missing(request_of("float16"))
    assert BACKENDS["torch"].missing(request_of()) == ""


def test_constant_repeats_what_the_module_once_gave(tmp_path: Path) -> None:
    engine = BACKENDS["constant"].load(request_of("int8"), tmp_path)
    assert isinstance(engine, ConstantEngine)
    given = [engine(value=torch.full((1, 2), float(n)))["doubled"] for n in range(2)]
    assert torch.equal(given[0], given[1])


@pytest.mark.parametrize("name", ["torch", "constant"])
def test_what_needs_no_files_writes_none(name: str, tmp_path: Path) -> None:
    backend = BACKENDS[name]
    backend.compile(request_of(), tmp_path)
    assert not backend.keeps_files
    assert list(tmp_path.iterdir()) == []
