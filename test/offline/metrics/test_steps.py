"""Angles between predicted and true camera motion, worked by hand."""

import cv2
import numpy as np
import pytest

from offline.metrics.steps import step_errors


def step(rotation_deg=(0, 0, 0), translation=(0, 0, 0)):
    """Return ``next_from_current`` of a camera that moves by its inverse."""
    current_from_next = np.eye(4)
    current_from_next[:3, :3] = cv2.Rodrigues(np.radians(np.array(rotation_deg, float)))[0]
    current_from_next[:3, 3] = translation
    return np.linalg.inv(current_from_next)


def poses(*steps):
    """Return the poses that steps lead to."""
    found = [np.eye(4)]
    for one in steps:
        found.append(found[-1] @ np.linalg.inv(one))
    return np.stack(found)


def test_the_truth_itself_is_not_off():
    true = [step((0, 3, 0), (0, 0, 1)), step((1, 0, 2), (0.1, 0, 2))]
    rotation, direction = step_errors(np.stack(true), poses(*true))
    assert rotation == pytest.approx([0, 0], abs=1e-6)
    assert direction == pytest.approx([0, 0], abs=1e-6)


def test_a_direction_45_degrees_to_the_side_is_off_by_45_whatever_its_length():
    _, direction = step_errors(step((0, 0, 0), (5, 0, 5))[None], poses(step((0, 0, 0), (0, 0, 2))))
    assert direction == pytest.approx([45])


def test_driving_backwards_is_off_by_180_degrees():
    _, direction = step_errors(
        step((0, 0, 0), (0, 0, -1))[None], poses(step(translation=(0, 0, 1)))
    )
    assert direction == pytest.approx([180])


def test_a_turn_of_5_instead_of_3_degrees_is_off_by_2():
    rotation, _ = step_errors(step((0, 5, 0), (0, 0, 1))[None], poses(step((0, 3, 0), (0, 0, 1))))
    assert rotation == pytest.approx([2])


def test_a_camera_that_stands_has_no_direction():
    _, direction = step_errors(step(translation=(0, 0, 1))[None], poses(step()))
    assert np.isnan(direction).tolist() == [True]
    _, direction = step_errors(step()[None], poses(step(translation=(0, 0, 1))))
    assert np.isnan(direction).tolist() == [True]
