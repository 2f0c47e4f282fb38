"""A wrong engine never reaches a topic: the node starts with the next backend and says why."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from scene_perception.checkpoints.weights import save_weights
from scene_perception.engines.backends import BACKENDS, Request
from scene_perception.engines.build import build_engines
from scene_perception.engines.load import load_mono_engines
from scene_perception.engines.random_weights import random_omeganet
from scene_perception.engines.torch_engine import TorchEngine

INTERPOLATE = F.interpolate


def nearest(features: Tensor, size: tuple[int, int], **_how: object) -> Tensor:
    """Interpolate by nearest neighbour, whatever was asked for."""
    return INTERPOLATE(features, size, mode="nearest")


class NearestEngine(TorchEngine):
    """PyTorch whose bilinear interpolation is swapped for the nearest pixel."""

    def __call__(self, **tensors: Tensor) -> dict[str, Tensor]:
        with patch.object(F, "interpolate", nearest):
            return super().__call__(**tensors)


class NearestBackend:
    """A compiler that gets interpolation wrong, as some did."""

    name = "openvino"
    keeps_files = False

    def missing(self, request: Request) -> str:
        return ""

    def versions(self) -> dict[str, str]:
        return {"nearest": "1"}

    def compile(self, request: Request, folder: Path) -> None:
        raise AssertionError("nothing to compile")

    def load(self, request: Request, folder: Path) -> NearestEngine:
        return NearestEngine(request.module, request.inputs)


class AbsentBackend(NearestBackend):
    """A compiler that is not installed."""

    name = "onnxruntime"

    def missing(self, request: Request) -> str:
        return "No module named 'onnxruntime'"


BACKENDS_HERE = {**BACKENDS, "openvino": NearestBackend(), "onnxruntime": AbsentBackend()}
load = partial(load_mono_engines, build=partial(build_engines, backends=BACKENDS_HERE))


@pytest.fixture(scope="module")
def dsnet_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "dsnet.safetensors"
    dsnet = random_omeganet().dsnet.state_dict()
    tensors = {f"dsnet.{name}": tensor for name, tensor in dsnet.items()}
    save_weights(path, tensors, {"model": "dsnet", "source": "test"})
    return path


@pytest.fixture
def settings(dsnet_weights: Path, tmp_path: Path) -> dict[str, str]:
    torch.set_num_threads(1)
    return {
        "network__weights": str(dsnet_weights),
        "network__cache_dir": str(tmp_path / "engines"),
        "network__device": "cpu",
    }


def test_a_wrong_engine_is_refused_and_the_node_starts_with_the_next_backend(
    make_robot: Callable, settings: dict[str, str]
) -> None:
    robot = make_robot(load, network__backend="auto", **settings)
    robot.start()
    refusal = robot.logged("openvino passed over: refused, its numbers are wrong")
    assert "dsnet's" in refusal
    assert "of its range" in refusal or "differ" in refusal
    robot.logged("onnxruntime passed over: No module named 'onnxruntime'")
    values = {
        item.key: item.value
        for item in robot.status("inference", lambda entry: bool(entry.values[1:])).values
    }
    assert values["backend"] == "torch"
    assert values["engine warnings"] in refusal
    assert "onnxruntime passed over" in values["engine notes"]


def test_depth_is_published_with_the_next_backend(
    make_robot: Callable, poll: Callable, settings: dict[str, str]
) -> None:
    robot = make_robot(load, network__backend="auto", **settings).start()
    (depths,) = robot.subscribe("depth/image_rect")
    robot.send(0)
    poll(lambda: depths, "depth")
    assert np.isfinite(np.frombuffer(depths[0].data, np.float32)).all()


def test_a_wrong_engine_that_is_named_keeps_the_node_unconfigured_with_the_reason(
    make_robot: Callable, settings: dict[str, str]
) -> None:
    robot = make_robot(load, network__backend="openvino", **settings)
    assert not robot.change_state("configure")
    robot.logged("cannot configure: network.backend openvino cannot run dsnet: openvino: refused")
    assert robot.set_parameter("network.backend", "torch").successful
    assert robot.change_state("configure")
