"""A real backend's files: what is kept runs, what is cut off or does not fit is made again."""

import resource
from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn

from scene_perception.engines.backends import BACKENDS, Request
from scene_perception.engines.base import TensorSpec
from scene_perception.engines.cache import EngineCache
from scene_perception.engines.cache_key import key_of

pytest.importorskip("openvino", reason="needs OpenVINO")


class Features(NamedTuple):
    features: Tensor


class Layer(nn.Module):
    def __init__(self):
        super().__init__()
        self.convolution = nn.Conv2d(3, 64, 3, padding=1)

    def forward(self, image: Tensor) -> Features:
        return Features(self.convolution(image).relu())


@pytest.fixture(scope="module")
def request_():
    torch.manual_seed(0)
    return Request("layer", Layer().eval(), {"image": TensorSpec((1, 3, 16, 16))})


@pytest.fixture(scope="module")
def backend():
    return BACKENDS["openvino"]


@pytest.fixture
def load(request_, backend, tmp_path):
    """Load the layer from a new process' cache; return how often it was compiled."""
    image = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(1))

    def load():
        compiled, cache = [], EngineCache(tmp_path)

        def make(folder):
            compiled.append(folder)
            backend.compile(request_, folder)

        engine = backend.load(request_, cache.folder(key_of(request_, backend), make))
        with torch.no_grad():
            expected = request_.module(image).features
        torch.testing.assert_close(engine(image=image)["features"], expected)
        return len(compiled), cache.warnings

    return load


def test_it_is_compiled_once_and_again_where_it_was_cut_off(load, tmp_path):
    assert load() == (1, [])
    assert load() == (0, [])
    for path in tmp_path.glob("*/*/*.b*"):
        with path.open("r+b") as file:
            file.truncate(path.stat().st_size // 2)
    calls, (warning,) = load()
    assert calls == 1
    assert "changed" in warning


@pytest.fixture
def limit():
    """Let the system refuse to write files above a size, as a full disk or a quota would."""
    kept = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size or kept[0], kept[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, kept)


def test_where_its_files_do_not_fit_it_runs_from_a_temporary_folder(
    limit, request_, backend, tmp_path
):
    def make(folder):
        # Its description is smaller than that, its weights are not.
        limit(6000 if folder.is_relative_to(tmp_path) else None)
        backend.compile(request_, folder)

    cache = EngineCache(tmp_path)
    folder = cache.folder(key_of(request_, backend), make)
    assert not folder.is_relative_to(tmp_path)
    assert "temporary folder" in cache.warnings[0]
    engine = backend.load(request_, folder)
    assert engine(image=torch.zeros(1, 3, 16, 16))["features"].isfinite().all()
    assert EngineCache(tmp_path).find(key_of(request_, backend)) is None
