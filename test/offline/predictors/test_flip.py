from __future__ import annotations

import numpy as np
import pytest

from offline.predictors.flip import Flipped, average_with_mirrored


class Columns:
    """Says of every pixel its red value, in all tasks."""

    model = "columns"
    roles = dict.fromkeys(("depth", "semantics", "pose"), ("current",))

    def __call__(self, task, images):
        red = images["current"][..., 0].astype(np.float32)
        names = {"depth": "inverse_depth", "semantics": "logits", "pose": "next_from_current"}
        value = np.stack([red, -red]) if task == "semantics" else red
        # What depends on the side of the image, as a real network's errors do.
        return {names[task]: value + np.arange(red.shape[1], dtype=np.float32)}


@pytest.fixture
def images() -> dict[str, np.ndarray]:
    image = np.zeros((2, 41, 3), np.uint8)
    image[:, 0] = 200
    return {"current": image}


def test_borders_come_from_one_prediction_and_go_over_into_the_mean():
    # 41 columns lie 2.5 % of the width apart: 0, 2.5 and 5 % are the mirrored prediction's alone,
    # at 7.5 % it has three quarters, from 10 % on the half.
    average = average_with_mirrored(np.zeros((1, 41), np.float32), np.ones((1, 41), np.float32))[0]
    np.testing.assert_allclose(average[:5], [1, 1, 1, 0.75, 0.5], atol=1e-6)
    np.testing.assert_allclose(average[4:-4], 0.5, atol=1e-6)
    np.testing.assert_allclose(average[-5:], [0.5, 0.25, 0, 0, 0], atol=1e-6)


def test_depth_is_averaged_where_the_mirrored_prediction_belongs(images):
    depth = Flipped(Columns())("depth", images)["inverse_depth"]
    assert depth.dtype == np.float32
    assert depth[0, 20] == 20
    assert depth[0, 0] == 200 + 40
    assert depth[0, 40] == 40


def test_logits_are_the_plain_mean(images):
    logits = Flipped(Columns())("semantics", images)["logits"]
    np.testing.assert_array_equal(logits[:, 0, 0], [200 + 20, -200 + 20])
    np.testing.assert_array_equal(logits[0, 0, 1:], 20)


def test_other_tasks_are_left_alone(images):
    flipped = Flipped(Columns())
    assert flipped.roles == Columns.roles
    assert flipped.model == "columns"
    outputs = flipped("pose", images)["next_from_current"]
    np.testing.assert_array_equal(outputs[0, 1:], np.arange(1, 41))
