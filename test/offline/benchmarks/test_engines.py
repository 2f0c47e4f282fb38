from __future__ import annotations

from argparse import Namespace
from dataclasses import replace
from types import SimpleNamespace
from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn

from offline.benchmarks import engines as measured
from offline.benchmarks.engines import EAGER, PRODUCT, Run, part_rows, step_gmac, streaming_rows
from offline.benchmarks.timing import summarise
from offline.engine_sets import EngineSet, EngineSets, Network
from scene_perception.engines.backends import EngineError
from scene_perception.engines.base import TensorSpec
from scene_perception.engines.cache import EngineCache


class Outputs(NamedTuple):
    inverse_depth: Tensor


class Depth(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(3, 8, 3, padding=1)

    def forward(self, image: Tensor) -> Outputs:
        return Outputs(self.layer(image).square().mean(1, keepdim=True) + 1)


@pytest.fixture
def network() -> Network:
    return Network(
        "omeganet", {"dsnet": Depth()}, {"dsnet": {"image": TensorSpec((1, 3, 128, 192))}}
    )


@pytest.fixture
def options(tmp_path, network, monkeypatch) -> Namespace:
    monkeypatch.setattr(measured, "network_of", lambda *_, **__: network)
    monkeypatch.setattr(measured, "eager_contenders", lambda _: {EAGER: lambda: None})
    return Namespace(
        models=["omeganet"],
        backends=["torch"],
        precisions=["float32", "float16"],
        device=None,
        cache=tmp_path,
        repeats=2,
        size_of=lambda _: (128, 192),
    )


def test_multiply_accumulates_are_those_of_a_step(network):
    gmac = 128 * 192 * 3 * 8 * 9 / 1e9
    assert step_gmac(network) == pytest.approx({"dsnet": gmac, measured.STEP: gmac})


def test_engines_are_timed_beside_the_eager_graph_and_what_cannot_run_is_named(options, capsys):
    rows = streaming_rows(options)
    assert [row["what"] for row in rows] == [PRODUCT, EAGER, "streaming step, torch float32"]
    assert rows[1]["x eager"] == 1
    assert rows[2]["of peak %"] > 0
    assert "left out torch float16: dsnet cannot run on torch" in capsys.readouterr().err


def test_rates_over_the_published_graph_are_those_of_each_round(network, monkeypatch):
    published = nn.Conv2d(3, 16, 3, padding=1)
    image = torch.zeros(1, 3, 128, 192)
    network = replace(network, model="sgdepth")
    run = Run(network, [], {EAGER: lambda: published(image)})
    gmac = 128 * 192 * 3 * 16 * 9 / 1e9
    assert measured.published_gmac(run) == pytest.approx(gmac)
    turns = {PRODUCT: summarise([4.0, 10.0, 6.0]), EAGER: summarise([8.0, 40.0, 2.0])}
    monkeypatch.setattr(measured, "take_turns", lambda *_, **__: turns)
    monkeypatch.setattr(measured, "_matrix_product", lambda _: (lambda: None, 2 * gmac))
    product, eager = measured._streaming_rows(run, 3)
    assert product["published %"] == "-"
    assert eager["published %"] == pytest.approx(50 * 0.5)  # 0.5, 0.25 and 3 times the product


def test_omeganets_published_graph_is_counted_without_what_nobody_reads(network):
    assert measured.published_gmac(Run(network, [], {})) == pytest.approx(22.9 * 128 / 640)


def test_parts_are_the_stages_of_the_step(options):
    rows = {row["stage"]: row for row in part_rows(options)}
    assert rows["dsnet"]["GMAC"] > 0
    assert rows["preprocess"]["GMAC"] == "-"
    assert rows["dsnet"]["engines"] == "torch float32"


def test_a_gpu_is_asked_for_unless_a_device_is_named(options):
    if torch.cuda.is_available():
        pytest.skip("needs a machine without a GPU")
    with pytest.raises(ValueError, match="got cuda"):
        measured.gpu_rows(options)
    options.device = "cpu"
    assert {row["what"] for row in measured.gpu_rows(options)} >= {EAGER}


def test_a_set_is_of_one_backend_and_a_missing_one_has_a_reason(network, tmp_path):
    sets = EngineSets(EngineCache(tmp_path))
    made = sets.of(network, "torch", "float32")
    assert isinstance(made, EngineSet)
    assert made.engines["dsnet"].outputs["inverse_depth"].shape == (1, 1, 128, 192)
    with pytest.raises(EngineError, match="dsnet cannot run on torch: eager PyTorch"):
        sets.of(network, "torch", "int8")


def test_a_run_knows_its_size(network):
    assert Run(network, [], {}).size == "128x192"


def test_stages_are_summarised_over_the_last_steps():
    steps = iter([{"a": 9_000_000}, {"a": 1_000_000}, {"a": 3_000_000}])
    stream = measured.Stream(lambda: SimpleNamespace(timings_ns=next(steps)))
    for _ in range(3):
        stream()
    assert stream.stages(2)["a"].median_ms == 2
