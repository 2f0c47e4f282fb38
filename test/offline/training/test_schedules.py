"""The learning rate's factor, worked by hand."""

import pytest

from offline.training.config import Schedule
from offline.training.schedules import factor


def test_it_rises_over_the_warm_up():
    schedule = Schedule(name="constant", warmup_steps=4)
    assert [factor(schedule, step, 10) for step in range(6)] == [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]


def test_cosine_falls_from_one_to_its_end():
    schedule = Schedule(name="cosine", warmup_steps=0, final=0.1)
    assert factor(schedule, 0, 100) == 1.0
    assert factor(schedule, 50, 100) == pytest.approx(0.55)
    assert factor(schedule, 100, 100) == pytest.approx(0.1)


def test_steps_fall_by_their_factor():
    schedule = Schedule(name="step", warmup_steps=0, step_every=10, step_factor=0.5)
    assert [factor(schedule, step, 100) for step in (0, 9, 10, 25)] == [1.0, 1.0, 0.5, 0.25]
