"""What a GPU backend lacks is said precisely."""

from __future__ import annotations

import sys

import pytest
import torch
from torch import nn

from scene_perception.engines.backends import BACKENDS, EngineError, Request
from scene_perception.engines.base import TensorSpec
from scene_perception.engines.gpu import missing_cuda, missing_library, missing_precision

INPUTS = {"image": TensorSpec((1, 3, 8, 8))}
without_gpu = pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")


def request_for(device: str = "cuda", precision: str = "float32") -> Request:
    return Request("part", nn.Identity(), INPUTS, precision, device)


def test_another_device_is_named():
    assert missing_cuda(request_for("cpu")) == "it needs network.device cuda, got cpu"


@without_gpu
@pytest.mark.parametrize("name", ["tensorrt", "onnx-tensorrt", "cuda"])
def test_no_gpu_is_said_so(name):
    assert BACKENDS[name].missing(request_for()) == "PyTorch finds no CUDA device"


def test_a_precision_that_it_has_not_is_named():
    text = missing_precision(request_for(precision="int8"))
    assert text == "precision must be one of float32, float16, bfloat16 here, got int8"


def test_a_library_that_is_not_installed_is_named_with_the_way_out():
    text = missing_library("no_such_library", "pip install it")
    assert text == "no_such_library is not installed: pip install it"


def test_a_library_that_cannot_be_imported_says_why(tmp_path, monkeypatch):
    (tmp_path / "hollow_library.py").write_text("raise ImportError('libnvinfer.so.10: no file')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "hollow_library", raising=False)
    text = missing_library("hollow_library", "")
    assert text == "hollow_library cannot be imported: libnvinfer.so.10: no file"


def test_a_library_that_is_there_is_not_missed():
    assert not missing_library("json", "")


@without_gpu
@pytest.mark.parametrize("name", ["tensorrt", "onnx-tensorrt"])
def test_a_build_that_cannot_be_names_part_and_backend(name, tmp_path):
    with pytest.raises(EngineError, match=f"part cannot be built by {name}: PyTorch finds no"):
        BACKENDS[name].compile(request_for(), tmp_path)


@without_gpu
def test_an_engine_that_cannot_be_loaded_names_part_and_backend(tmp_path):
    with pytest.raises(EngineError, match="part cannot run on cuda: PyTorch finds no"):
        BACKENDS["cuda"].load(request_for(), tmp_path)
