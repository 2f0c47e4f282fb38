from __future__ import annotations

import numpy as np
import pytest

from offline.inference.estimates import ARRAYS, Settings, estimates, labels_of
from scene_perception.pipelines.config import MotionConfig, OutputConfig, ScaleConfig

AT_CAMERA = Settings(ScaleConfig(), OutputConfig(), MotionConfig())
AT_NETWORK = Settings(ScaleConfig(), OutputConfig(resolution="network"), MotionConfig())
METRIC = Settings(ScaleConfig("fixed", 20.0), OutputConfig(max_depth=50.0), MotionConfig())

OUTPUTS = {
    "depth": {"inverse_depth": np.array([[1.0, 0.5], [0.25, 2.0]], np.float32)},
    "semantics": {"logits": np.zeros((19, 1, 1), np.float32)},
    "flow": {"flow": np.full((2, 2, 2), 3.0, np.float32)},
    "motion": {
        "motion_probability": np.array([[0.4, 0.6], [0.9, 0.9]], np.float32),
        "labels": np.array([[13, 13], [0, 11]], np.uint8),
    },
    "pose": {"next_from_current": np.eye(4)},
    "scene_flow": {
        "disparity": np.ones((4, 6), np.float32),
        "next_disparity": np.ones((4, 6), np.float32),
        "flow": np.zeros((4, 6, 2), np.float32),
    },
}


@pytest.mark.parametrize("task", ARRAYS)
def test_arrays_are_named_as_the_table_says_and_have_the_cameras_size(task):
    found = estimates(task, OUTPUTS[task], (6, 4), AT_CAMERA)
    assert tuple(found) == ARRAYS[task]
    assert task == "pose" or all(array.shape[:2] == (4, 6) for array in found.values())


def test_depth_is_the_scaled_inverse_and_nan_out_of_range():
    inverse = np.array([[1.0, 0.5, 0.25]], np.float32)
    depth = estimates("depth", {"inverse_depth": inverse}, (3, 1), METRIC)["depth"]
    np.testing.assert_array_equal(depth, [[20, 40, np.nan]])


def test_flow_is_in_the_pixels_of_its_own_size():
    at_camera = estimates("flow", OUTPUTS["flow"], (6, 4), AT_CAMERA)["flow"]
    assert at_camera[0, 0].tolist() == [9, 6]
    at_network = estimates("flow", OUTPUTS["flow"], (6, 4), AT_NETWORK)["flow"]
    assert at_network.shape == (2, 2, 2)
    assert at_network[0, 0].tolist() == [3, 3]


def test_only_what_can_move_moves():
    mask = estimates("motion", OUTPUTS["motion"], (2, 2), AT_CAMERA)["motion_mask"]
    np.testing.assert_array_equal(mask, [[0, 255], [0, 255]])


def test_the_poses_translation_is_scaled_and_the_output_left_alone():
    pose = np.eye(4)
    pose[:3, 3] = 1, 2, 3
    scaled = estimates("pose", {"next_from_current": pose}, (6, 4), METRIC)["next_from_current"]
    assert scaled[:3, 3].tolist() == [20, 40, 60]
    assert pose[:3, 3].tolist() == [1, 2, 3]


def test_logits_of_nineteen_classes_are_enlarged_before_the_best_is_taken():
    logits = np.zeros((19, 1, 2), np.float32)
    logits[3, 0] = 4, 0
    logits[5, 0] = 0, 8
    # TensorFlow's resizing: columns 0, 0.5, 1 and 1 of (4, 0) and (0, 8).
    assert labels_of(logits, None).tolist() == [[3, 5, 5, 5]] * 2


def test_void_of_twenty_classes_is_unknown_and_labels_are_repeated():
    logits = np.zeros((20, 1, 2), np.float32)
    logits[19, 0, 0] = logits[7, 0, 1] = 1
    assert labels_of(logits, (4, 1)).tolist() == [[255, 255, 7, 7]]
