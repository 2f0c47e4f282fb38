"""Parts run on the tensors that they name, and their features are copies."""

import torch

from scene_perception.engines.base import TensorSpec
from scene_perception.engines.constant_engine import ConstantEngine
from scene_perception.pipelines.parts import PartRunner

BUFFER = torch.zeros(2)
ENGINE = ConstantEngine({"image": TensorSpec((1,))}, {"features": BUFFER})


def test_a_part_takes_only_the_tensors_that_it_names():
    runner = PartRunner({"dsnet": ENGINE})
    outputs = runner.run("dsnet", {"image": torch.zeros(1), "flow": torch.zeros(1)})
    assert outputs["features"] is BUFFER
    assert set(runner.timer.elapsed_ns) == {"dsnet"}


def test_features_outlive_the_engine_s_buffer():
    runner = PartRunner({"dsnet": ENGINE})
    features = runner.encode({"image": torch.zeros(1)}, ("dsnet",))
    assert features["features"].data_ptr() != BUFFER.data_ptr()
