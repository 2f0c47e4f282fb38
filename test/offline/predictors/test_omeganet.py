from __future__ import annotations

import numpy as np
import pytest
import torch

from offline.golden.stand_ins import golden_image
from offline.predictors.omeganet import DSNetPredictor, OmegaNetPredictor
from offline.predictors.resizing import area
from scene_perception.engines.random_weights import random_omeganet
from scene_perception.geometry.se3 import pose_matrix

SIZE = (128, 192)
ROLES = ("previous", "current", "next")


@pytest.fixture(scope="module")
def network():
    return random_omeganet()


@pytest.fixture
def images() -> dict[str, np.ndarray]:
    return {role: golden_image(10 + n, 150, 260) for n, role in enumerate(ROLES)}


@pytest.fixture
def predictor(network) -> OmegaNetPredictor:
    return OmegaNetPredictor(network, *SIZE)


@pytest.fixture
def whole(network, images):
    """What the network says about the three images at once."""
    with torch.inference_mode():
        return network(*(area(images[role], *SIZE) for role in ROLES))


def test_depth_is_the_networks_own(predictor, images, whole):
    inverse_depth = predictor("depth", images)["inverse_depth"]
    assert inverse_depth.dtype == np.float32
    np.testing.assert_array_equal(inverse_depth, whole.inverse_depth[0, 0].numpy())


def test_logits_are_at_half_the_networks_size(predictor, images, network):
    logits = predictor("semantics", images)["logits"]
    assert logits.shape == (19, 64, 96)
    with torch.inference_mode():
        dsnet = network.dsnet
        expected = dsnet.decode(dsnet.encode(area(images["current"], *SIZE))).logits[0]
    np.testing.assert_array_equal(logits, expected.numpy())


def test_flow_has_its_components_last(predictor, images, whole):
    flow = predictor("flow", images)["flow"]
    assert flow.shape == (*SIZE, 2)
    np.testing.assert_allclose(flow, whole.flow[0].permute(1, 2, 0).numpy(), atol=1e-4)


def test_motion_is_probability_and_labels(predictor, images, whole):
    outputs = predictor("motion", images)
    np.testing.assert_allclose(
        outputs["motion_probability"], whole.motion_probability[0, 0].numpy(), atol=1e-3
    )
    np.testing.assert_array_equal(outputs["labels"], whole.labels[0].numpy())


def test_pose_moves_points_from_the_current_frame_into_the_next(predictor, images, whole):
    pose = predictor("pose", images)["next_from_current"]
    assert pose.dtype == np.float64
    expected = pose_matrix(whole.pose_next.double())[0].numpy()
    np.testing.assert_allclose(pose, expected, atol=1e-7)


def test_each_image_is_encoded_once_for_all_tasks_and_its_neighbours(network, images):
    asked = []

    def resize(image, height, width):
        asked.append(id(image))
        return area(image, height, width)

    predictor = OmegaNetPredictor(network, *SIZE, resize=resize)
    for task in predictor.roles:
        predictor(task, images)
    following = golden_image(13, 150, 260)
    shifted = {"previous": images["current"], "current": images["next"], "next": following}
    later = predictor("flow", shifted)["flow"]
    assert len(asked) == len(set(asked)) == 4
    alone = OmegaNetPredictor(network, *SIZE)("flow", shifted)["flow"]
    np.testing.assert_array_equal(later, alone)


def test_outputs_are_copies(predictor, images):
    first = predictor("depth", images)["inverse_depth"]
    first[:] = 0
    assert predictor("depth", images)["inverse_depth"].min() > 0


def test_depth_alone_refuses_what_it_cannot_do(network, images):
    predictor = DSNetPredictor(network.dsnet, *SIZE)
    assert set(predictor.roles) == {"depth", "semantics"}
    with pytest.raises(ValueError, match="task of dsnet must be one of depth, semantics, got"):
        predictor("flow", images)
