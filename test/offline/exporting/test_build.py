"""On their way to engines parts are written as ONNX, and calibrated for int8."""

from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor, nn

from offline.exporting import build as exporting
from offline.exporting.build import Calibration, ExportBuild
from scene_perception.engines import quantize
from scene_perception.engines.cache import EngineCache
from scene_perception.engines.config import NetworkConfig

pytest.importorskip("openvino", reason="needs OpenVINO")

SHAPES = {"encoder": {"image": (1, 3, 128, 192)}, "decoder": {"features_next": (1, 3, 1, 1)}}


class Features(NamedTuple):
    features: Tensor


class Depth(NamedTuple):
    inverse_depth: Tensor


class Encoder(nn.Module):
    def forward(self, image: Tensor) -> Features:
        return Features(image.mean((2, 3), keepdim=True))


class Decoder(nn.Module):
    def forward(self, features_next: Tensor) -> Depth:
        return Depth(features_next + 1)


@pytest.fixture
def parts():
    return {"encoder": Encoder(), "decoder": Decoder()}


@pytest.fixture
def cache(tmp_path):
    return EngineCache(tmp_path / "cache")


@pytest.fixture
def config(cache):
    return NetworkConfig(
        height=128, width=192, backend="openvino", precision="int8", cache_dir=str(cache.root)
    )


@pytest.fixture
def images(tmp_path):
    """A folder of images of which each is one grey, and brighter than the one before."""
    folder = tmp_path / "images"
    folder.mkdir()
    for index in range(4):
        grey = np.full((128, 192, 3), 51 * index, np.uint8)
        assert cv2.imwrite(str(folder / f"{index:03d}.png"), grey)
    return folder


@pytest.fixture
def quantized(monkeypatch):
    """Take the place of NNCF; what was calibrated with, by part."""
    seen = {}

    def compile_int8(request, examples, folder):
        assert request.precision == "int8"
        seen.setdefault(request.part, []).append(examples)
        (folder / "model.xml").write_bytes(b"<net/>")

    monkeypatch.setattr(quantize, "compile_int8", compile_int8)
    monkeypatch.setattr(exporting, "build_engines", lambda parts, shapes, config: "built")
    return seen


def test_int8_is_put_where_the_node_looks(parts, cache, config, images, quantized, capsys):
    build = ExportBuild(cache, Calibration(images, stereo=False))
    assert build(parts, SHAPES, config) == "built"
    kept = {entry.key()["part"]: entry.key() for entry in cache.entries()}
    assert kept.keys() == {"encoder", "decoder"}
    assert {(key["backend"], key["precision"]) for key in kept.values()} == {("openvino", "int8")}
    assert f"calibrated with 2 frames of {images}" in capsys.readouterr().out


def test_every_part_is_calibrated_with_what_the_one_before_gives(
    parts, cache, config, images, quantized
):
    ExportBuild(cache, Calibration(images, stereo=False))(parts, SHAPES, config)
    (encoder,), (decoder,) = quantized["encoder"], quantized["decoder"]
    greys = sorted(float(example["image"].mean()) for example in encoder)
    assert greys == pytest.approx([0.2, 0.4])
    means = sorted(float(example["features_next"].mean()) for example in decoder)
    assert means == pytest.approx([0.4, 0.6])


def test_calibrating_again_replaces_what_was_there(parts, cache, config, images, quantized):
    build = ExportBuild(cache, Calibration(images, stereo=False))
    build(parts, SHAPES, config)
    build(parts, SHAPES, config)
    assert len(quantized["encoder"]) == 2
    assert len(list(cache.entries())) == 2


def test_without_calibration_nothing_is_quantized(parts, cache, config, quantized):
    assert ExportBuild(cache)(parts, SHAPES, config) == "built"
    assert quantized == {}


def test_each_part_is_one_onnx_file(parts, cache, config, tmp_path, quantized, monkeypatch, capsys):
    written = []

    def to_onnx(request, path):
        written.append((request.part, request.precision))
        Path(path).write_bytes(bytes(2**20))

    monkeypatch.setattr(exporting, "to_onnx", to_onnx)
    ExportBuild(cache, onnx=tmp_path / "new" / "onnx")(parts, SHAPES, config)
    assert written == [("encoder", "float32"), ("decoder", "float32")]
    assert f"{tmp_path / 'new' / 'onnx' / 'decoder.onnx'}: 1.0 MiB" in capsys.readouterr().out


def test_engines_are_build_engines_own(parts, cache, config):
    built = ExportBuild(cache)(parts, SHAPES, NetworkConfig(backend="torch", device="cpu"))
    engines = built.engines
    features = engines["encoder"](image=torch.ones(1, 3, 128, 192))["features"]
    assert (
        engines["decoder"](features_next=features)["inverse_depth"].flatten().tolist() == [2.0] * 3
    )
