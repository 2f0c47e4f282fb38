from __future__ import annotations

import numpy as np
import pytest
import torch

from offline.predictors.dwarf import DWARFPredictor
from scene_perception.engines.base import TensorSpec
from scene_perception.engines.constant_engine import ConstantEngine
from scene_perception.models.dwarf import PARTS, part_inputs

ROLES = ("current", "right", "next", "next_right")


def constant_engines(height: int, width: int) -> dict[str, ConstantEngine]:
    """Engines that say disparity 8, next disparity 6 and flow (4, 4) px everywhere."""
    shapes = part_inputs(height, width)
    taken = {name: torch.zeros(shape) for part in PARTS for name, shape in shapes[part].items()}
    features = {f"features_{n}": taken[f"features_{n}_next"] for n in range(2, 7)}
    size = (height, width)
    given = (
        features,
        taken,
        {"disparity": torch.full((1, 1, *size), 8.0)},
        {"next_disparity": torch.full((1, 1, *size), 6.0), "flow": torch.full((1, 2, *size), 4.0)},
    )
    return {
        part: ConstantEngine({name: TensorSpec(s) for name, s in shapes[part].items()}, constants)
        for part, constants in zip(PARTS, given, strict=True)
    }


@pytest.fixture
def predictor() -> DWARFPredictor:
    return DWARFPredictor(constant_engines(128, 256), "resize")


def test_outputs_are_in_the_images_pixels_and_not_in_the_networks(predictor):
    image = np.zeros((32, 128, 3), np.uint8)
    outputs = predictor("scene_flow", dict.fromkeys(ROLES, image))
    assert outputs["disparity"].shape == outputs["next_disparity"].shape == (32, 128)
    assert np.unique(outputs["disparity"]).tolist() == [4]
    assert np.unique(outputs["next_disparity"]).tolist() == [3]
    assert np.unique(outputs["flow"][..., 0]).tolist() == [2]
    assert np.unique(outputs["flow"][..., 1]).tolist() == [1]


def test_another_task_is_refused(predictor):
    with pytest.raises(ValueError, match="task of dwarf must be one of scene_flow, got 'depth'"):
        predictor("depth", {})
