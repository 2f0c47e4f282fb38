from __future__ import annotations

import numpy as np
import pytest
import torch

from offline.golden.stand_ins import golden_image
from offline.predictors.resizing import pillow
from offline.predictors.sgdepth import SGDepthPredictor
from scene_perception.models.sgdepth import SGDepth

SIZE = (128, 192)


@pytest.fixture(scope="module")
def network() -> SGDepth:
    torch.manual_seed(0)
    return SGDepth().eval()


@pytest.fixture
def images() -> dict[str, np.ndarray]:
    return {role: golden_image(10 + n, 150, 260) for n, role in enumerate(("current", "next"))}


@pytest.fixture
def predictor(network) -> SGDepthPredictor:
    return SGDepthPredictor(network, *SIZE)


def test_depth_is_the_networks_inverse_depth(predictor, images, network):
    with torch.inference_mode():
        expected = network.scene(pillow(images["current"], *SIZE)).inverse_depth[0, 0].numpy()
    np.testing.assert_array_equal(predictor("depth", images)["inverse_depth"], expected)


def test_logits_are_of_twenty_classes_at_the_networks_size(predictor, images, network):
    with torch.inference_mode():
        expected = network.scene.predict(pillow(images["current"], *SIZE)).logits[0].numpy()
    logits = predictor("semantics", images)["logits"]
    assert logits.shape == (20, *SIZE)
    np.testing.assert_array_equal(logits, expected)


def test_pose_is_from_the_current_to_the_next(predictor, images, network):
    with torch.inference_mode():
        pair = (pillow(images[role], *SIZE) for role in ("current", "next"))
        expected = network.ego_motion(*pair).next_from_current[0].numpy()
    pose = predictor("pose", images)["next_from_current"]
    assert pose.dtype == np.float64
    np.testing.assert_allclose(pose, expected, atol=1e-7)


def test_another_task_is_refused(predictor, images):
    with pytest.raises(ValueError, match="task of sgdepth must be one of depth, semantics, pose"):
        predictor("flow", images)
