import pickle

import numpy as np
import pytest

from offline.metrics.motion_mask import (
    MotionScore,
    conclude_motion_mask,
    mask_at_truth,
    score_motion_mask,
)

NAMES = ("pixel_accuracy", "mean_accuracy", "miou", "fw_iou", "iou_static", "iou_moving")


def figures(scores):
    concluded = conclude_motion_mask(scores)
    return [concluded[name] for name in NAMES]


def test_omeganet_s_evaluator_gives_the_same_numbers(golden):
    case = golden("omeganet_mask")
    scores = [score_motion_mask(case[f"pred_png_{i}"], case[f"obj_map_{i}"]) for i in range(5)]
    np.testing.assert_allclose(figures(scores), case["mean"], rtol=1e-12)
    for score, expected in zip(scores, case["per_image"], strict=True):
        known = ~np.isnan(expected)
        np.testing.assert_allclose(np.array(figures([score]))[known], expected[known], rtol=1e-12)


def test_numbers_of_eight_pixels_worked_by_hand():
    score = MotionScore(static_static=4, static_moving=1, moving_static=2, moving_moving=1)
    assert figures([score]) == pytest.approx(
        [5 / 8, (4 / 5 + 1 / 3) / 2, (4 / 7 + 1 / 4) / 2, (5 * 4 / 7 + 3 / 4) / 8, 4 / 7, 1 / 4]
    )


def test_false_alarm_without_a_moving_object_halves_nothing():
    # The sum over both classes is divided by the one class of the truth.
    assert figures([MotionScore(3, 1, 0, 0)]) == pytest.approx(
        [3 / 4, 3 / 4, 3 / 4, 3 / 4, 3 / 4, 0]
    )


@pytest.mark.parametrize("score", [MotionScore(9, 0, 0, 0), MotionScore(0, 0, 0, 9)])
def test_one_class_in_both_maps_counts_for_both(score):
    assert figures([score]) == [1] * 6


def test_every_image_counts_the_same():
    scores = [MotionScore(1, 0, 0, 0), MotionScore(500, 0, 500, 0)]
    assert conclude_motion_mask(scores)["pixel_accuracy"] == 0.75
    assert conclude_motion_mask(scores)["frames"] == 2


def test_more_than_half_of_255_moves():
    mask = np.array([[127, 128, 255, 0]], np.uint8)
    objects = np.array([[0, 1, 0, 3]])
    assert score_motion_mask(mask, objects) == MotionScore(1, 1, 1, 1)


def test_mask_is_resized_as_tensorflow_does():
    mask = np.array([[0, 255]], np.uint8)
    assert mask_at_truth(mask, (1, 3)).tolist() == [[0, 0, 255]]
    assert mask_at_truth(mask, (1, 2)) is mask


def test_score_survives_the_way_between_processes():
    score = MotionScore(1, 2, 3, 4)
    assert pickle.loads(pickle.dumps(score)) == score


def test_other_size_and_type_are_refused():
    with pytest.raises(ValueError, match=r"motion mask must be \(1, 2\) as .* got \(1, 1\)"):
        score_motion_mask(np.zeros((1, 1), np.uint8), np.zeros((1, 2)))
    with pytest.raises(ValueError, match="motion mask must be uint8, 0 or 255, got float64"):
        score_motion_mask(np.zeros((1, 2)), np.zeros((1, 2)))


def test_no_scores_have_no_mean():
    with pytest.raises(ValueError, match="scores must be at least one, got none"):
        conclude_motion_mask([])
