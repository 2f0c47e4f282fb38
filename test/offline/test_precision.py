from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn

from offline.calibration import Size
from offline.engine_sets import EngineSet, EngineSets, Network
from offline.precision import YARDSTICK, Frames, accuracy_rows, engine_sets, generated_frames, main
from offline.precision_scores import Maps
from scene_perception.engines.base import TensorSpec
from scene_perception.engines.cache import EngineCache
from scene_perception.engines.torch_engine import TorchEngine


class Outputs(NamedTuple):
    inverse_depth: Tensor


class Depth(nn.Module):
    """Inverse depth that falls from the bottom to the top, times a factor."""

    def __init__(self, factor: float = 1.0) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, image: Tensor) -> Outputs:
        rows = torch.linspace(0.1, 1, image.shape[2])[None, None, :, None]
        return Outputs(self.factor * rows.expand(1, 1, -1, image.shape[3]) + 0 * image[:, :1])


INPUTS = {"dsnet": {"image": TensorSpec((1, 3, 64, 128))}}


@pytest.fixture
def network() -> Network:
    return Network("omeganet", {"dsnet": Depth()}, INPUTS)


@pytest.fixture(scope="module")
def frames() -> Frames:
    return generated_frames(Network("omeganet", {"dsnet": Depth()}, INPUTS), 1)


def rows_of(name: str, *arguments) -> dict[str, dict[str, object]]:
    rows = accuracy_rows(*arguments)
    return {str(row["metric"]): row for row in rows if row["engines"] == name}


def engines(factor: float) -> EngineSet:
    engine = TorchEngine(Depth(factor), INPUTS["dsnet"])
    return EngineSet("halved", {"dsnet": engine}, 0.0)


def test_what_is_equal_is_at_no_distance_and_changes_nothing(network, frames):
    rows = rows_of("halved", network, frames, [engines(1)])
    assert rows["depth abs_rel"]["from float32"] == 0
    assert rows["depth abs_rel"]["change %"] == 0
    assert rows["depth abs_rel"]["float32"] > 0


def test_a_wrong_scale_is_a_distance_though_the_median_hides_it_from_the_truth(network, frames):
    rows = rows_of("halved", network, frames, [engines(0.5)])
    assert rows["depth abs_rel"]["from float32"] == pytest.approx(1, rel=1e-5)
    assert rows["depth abs_rel"]["change %"] == pytest.approx(0, abs=1e-3)


def test_images_that_are_off_by_half_a_grey_level_are_the_yardstick(frames):
    class Brightness(nn.Module):
        def forward(self, image: Tensor) -> Outputs:
            return Outputs(image.mean(1, keepdim=True) + 1)

    network = Network("omeganet", {"dsnet": Brightness()}, INPUTS)
    rows = rows_of(YARDSTICK, network, frames, [])
    assert 0 < rows["depth abs_rel"]["from float32"] < 0.5 / 255


def test_frames_without_truth_are_compared_with_float32_alone(network, frames):
    rows = accuracy_rows(network, Frames(frames.windows, ()), [engines(1)])
    assert {row["float32"] for row in rows} == {"-"}


def test_frames_are_of_the_networks_size_and_have_every_truth(frames):
    assert frames.windows[0][0].shape == (1, 3, *Size(64, 128))
    assert isinstance(frames.truths[0], Maps)
    assert {"depth", "labels", "flow", "disparity"} <= frames.truths[0].arrays.keys()


def test_what_this_machine_cannot_run_has_a_reason(network, tmp_path):
    made, refused = engine_sets(
        network, EngineSets(EngineCache(tmp_path)), ["torch"], ["float32", "int8"]
    )
    assert [it.name for it in made] == ["torch float32"]
    assert "int8" in refused["torch int8"]


def test_weights_that_are_not_there_end_it_with_one_line(tmp_path, capsys):
    arguments = ["sgdepth", "--weights", str(tmp_path / "none"), "--precisions", "float32"]
    assert main([*arguments, "--output", str(Path(tmp_path) / "out.json")]) == 2
    assert "error: network.weights must name a .safetensors file" in capsys.readouterr().err
