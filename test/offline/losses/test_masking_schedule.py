import math

import numpy as np
import pytest
import torch

from offline.losses.masking_schedule import (
    MaskingSchedule,
    MaskingSettings,
    is_scored,
    threshold_after,
)

CONSTANT = MaskingSettings(enable=True)
LINEAR = MaskingSettings(enable=True, linear_increase=True)
SCORES = [0.5, 0.1, 0.4, 0.2, 0.3]


def test_the_defaults_are_those_of_the_published_training():
    assert MaskingSettings() == MaskingSettings(False, 15, False, 0.1, 20)


def test_epochs_are_scored_from_the_first_on_if_masking_is_enabled():
    assert [is_scored(epoch, CONSTANT) for epoch in (0, 14, 15, 19)] == [False, False, True, True]
    assert not is_scored(19, MaskingSettings())


def test_the_constant_threshold_is_the_tenth_percentile_of_the_scores():
    assert threshold_after(15, SCORES, CONSTANT) == pytest.approx(0.14)
    assert threshold_after(19, SCORES, CONSTANT) == pytest.approx(0.14)


def test_the_linear_threshold_falls_until_nothing_is_masked():
    thresholds = [threshold_after(epoch, SCORES, LINEAR) for epoch in range(14, 20)]
    assert thresholds == pytest.approx([0, 0.4, 0.3, 0.2, 0.1, 0])


def test_the_published_thresholds_are_ours(repository):
    with np.load(repository / "test/data/sgdepth/losses.npz") as case:
        scores, epochs = case["iou_log"].tolist(), case["schedule_epochs"].tolist()
        for name, settings in (("linear", LINEAR), ("constant", CONSTANT)):
            ours = [threshold_after(epoch, scores, settings) for epoch in epochs]
            assert ours == pytest.approx(case[f"schedule_{name}"].tolist(), rel=1e-12)


def test_without_scores_nothing_is_masked():
    assert threshold_after(16, [], CONSTANT) == 0


@pytest.mark.parametrize("first", [19, 20, 30])
def test_a_linear_increase_that_has_no_time_masks_nothing(first):
    settings = MaskingSettings(enable=True, from_epoch=first, linear_increase=True)
    assert threshold_after(first, SCORES, settings) == 0


def test_scores_decide_about_the_next_epoch_and_are_forgotten_then():
    schedule = MaskingSchedule(MaskingSettings(enable=True, from_epoch=0, share=0.5))
    schedule.start_epoch()
    schedule.record(torch.tensor([0.2, math.nan, 0.4], dtype=torch.float64))
    schedule.record([0.9])
    assert schedule.threshold == 0
    schedule.finish_epoch(0)
    assert schedule.threshold == 0.4
    schedule.start_epoch()
    assert schedule.threshold == 0.4
    schedule.record([0.7])
    schedule.finish_epoch(1)
    assert schedule.threshold == 0.7


def test_a_schedule_goes_on_from_its_state():
    settings = MaskingSettings(enable=True, from_epoch=0, share=0.5)
    first, second = MaskingSchedule(settings), MaskingSchedule(settings)
    first.threshold = 0.3
    first.record([0.2, 0.4])
    second.load_state_dict(first.state_dict())
    assert second.threshold == 0.3
    for schedule in (first, second):
        schedule.record([0.9])
        schedule.finish_epoch(3)
        assert schedule.threshold == 0.4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"from_epoch": -1}, "from_epoch must be >= 0 and epochs >= 1, got -1 and 20"),
        ({"epochs": 0}, "from_epoch must be >= 0 and epochs >= 1, got 15 and 0"),
        ({"share": 10.0}, r"share must be in 0..1, got 10.0"),
    ],
)
def test_options_out_of_their_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        MaskingSettings(**options)
