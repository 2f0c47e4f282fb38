"""Stages are timed, summed when they repeat, and counted when they fail."""

import time

import pytest

from scene_perception.pipelines.timing import StageTimer


def spin(timer: StageTimer, seconds: float) -> None:
    with timer.stage("spin"):
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            pass


def test_a_stage_that_runs_twice_is_summed():
    timer = StageTimer()
    spin(timer, 0.002)
    once = timer.elapsed_ns["spin"]
    spin(timer, 0.002)
    assert once >= 2_000_000
    assert timer.elapsed_ns["spin"] >= once + 2_000_000


def test_a_stage_that_fails_is_timed_and_its_error_goes_on():
    timer = StageTimer()
    with pytest.raises(RuntimeError, match="stage failed"), timer.stage("bad"):
        raise RuntimeError("stage failed")
    assert timer.elapsed_ns["bad"] > 0
