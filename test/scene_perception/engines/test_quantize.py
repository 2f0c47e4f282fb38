from __future__ import annotations

import sys
from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn

from scene_perception.engines.backends import BACKENDS, EngineError, Request
from scene_perception.engines.base import TensorSpec
from scene_perception.engines.quantize import FLOAT_LAYERS, FLOAT_PARTS, compile_int8, quantized

SHAPE = (1, 3, 16, 24)


class Outputs(NamedTuple):
    flow: Tensor


class Coarse(nn.Module):
    """Features, a flow of two channels, and a layer that reads both side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Conv2d(3, 8, 3, padding=1)
        self.more = nn.Conv2d(8, 16, 3, padding=1)
        self.flow = nn.Conv2d(16, 2, 3, padding=1)
        self.reader = nn.Conv2d(18, 8, 3, padding=1)
        self.last = nn.Conv2d(8, 2, 3, padding=1)

    def forward(self, image: Tensor) -> Outputs:
        features = torch.relu(self.more(torch.relu(self.features(image))))
        flow = self.flow(features)
        refined = torch.relu(self.reader(torch.cat([features, 2 * flow], 1)))
        return Outputs(self.last(refined))


@pytest.fixture(scope="module")
def module() -> Coarse:
    pytest.importorskip("openvino")
    pytest.importorskip("nncf")
    torch.manual_seed(0)
    return Coarse().eval()


@pytest.fixture(scope="module")
def images() -> list[dict[str, Tensor]]:
    generator = torch.Generator().manual_seed(1)
    return [{"image": torch.rand(SHAPE, generator=generator)} for _ in range(3)]


def request(module: nn.Module, part: str = "coarse") -> Request:
    return Request(part, module, {"image": TensorSpec(SHAPE)}, "int8")


def quantisers_behind(model) -> list[int]:
    """Output channels of the convolutions that read int8, in order."""
    found = []
    for node in model.get_ordered_ops():
        if node.get_type_name() == "Convolution":
            producer = node.input_value(0).get_node().get_type_name()
            if producer == "FakeQuantize":
                found.append(int(node.output(0).get_shape()[1]))
    return found


def test_convolutions_of_features_become_int8_and_flow_and_its_readers_stay(module, images):
    model = quantized(request(module), images, thorough=False)
    assert quantisers_behind(model) == [8, 16]


def test_a_part_about_the_camera_stays_float_as_a_whole(module, images):
    assert all(reason for reason in FLOAT_PARTS.values())
    assert all(rule.reason for rule in FLOAT_LAYERS)
    model = quantized(request(module, "camera_decoder"), images)
    assert quantisers_behind(model) == []


@torch.inference_mode()
def test_what_is_written_loads_as_an_int8_engine_near_eager(module, images, tmp_path):
    compile_int8(request(module), images, tmp_path)
    engine = BACKENDS["openvino"].load(request(module), tmp_path)
    expected = module(**images[0]).flow
    error = (engine(**images[0])["flow"] - expected).abs().max() / (expected.max() - expected.min())
    assert 0 < error < 0.05


def test_ranges_need_inputs(module, tmp_path):
    with pytest.raises(EngineError, match="coarse cannot be made int8: there are no inputs"):
        compile_int8(request(module), [], tmp_path)


def test_without_nncf_the_message_says_what_to_install(module, images, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "nncf", None)
    with pytest.raises(EngineError, match=r"pip install 'scene_perception\[quantize\]'"):
        compile_int8(request(module), images, tmp_path)
