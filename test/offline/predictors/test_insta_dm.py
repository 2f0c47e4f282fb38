from __future__ import annotations

import numpy as np
import pytest
import torch

from offline.golden.stand_ins import golden_image
from offline.predictors.insta_dm import InstaDMPredictor
from offline.predictors.resizing import scikit
from scene_perception.models.insta_dm import InstaDM

SIZE = (128, 192)


@pytest.fixture(scope="module")
def network() -> InstaDM:
    torch.manual_seed(0)
    return InstaDM().eval()


@pytest.fixture
def images() -> dict[str, np.ndarray]:
    return {role: golden_image(10 + n, 150, 260) for n, role in enumerate(("current", "next"))}


def test_depth_is_the_networks_inverse_depth(network, images):
    with torch.inference_mode():
        expected = network(scikit(images["current"], *SIZE)).inverse_depth[0, 0].numpy()
    inverse_depth = InstaDMPredictor(network, *SIZE)("depth", images)["inverse_depth"]
    np.testing.assert_array_equal(inverse_depth, expected)


def test_pose_takes_everything_for_background(network, images):
    nothing_known = torch.full((1, *SIZE), 255, dtype=torch.uint8)
    with torch.inference_mode():
        pair = (scikit(images[role], *SIZE) for role in ("current", "next"))
        expected = network.ego_pose_net(*pair, nothing_known, nothing_known)
    pose = InstaDMPredictor(network, *SIZE)("pose", images)["next_from_current"]
    assert pose.dtype == np.float64
    np.testing.assert_allclose(pose, expected.next_from_current[0].numpy(), atol=1e-6)


def test_weights_of_depth_alone_give_no_pose(images):
    predictor = InstaDMPredictor(InstaDM(ego_pose=False, object_pose=False), *SIZE)
    assert set(predictor.roles) == {"depth"}
    with pytest.raises(ValueError, match="task of insta_dm must be one of depth, got 'pose'"):
        predictor("pose", images)
