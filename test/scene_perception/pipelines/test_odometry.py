"""Predicted translations meet the odometry of the same two stamps, whenever it comes."""

import numpy as np
import pytest

from scene_perception.pipelines.odometry import OdometryMatcher

MS = 1_000_000


def driving(matcher: OdometryMatcher, start_ms: int, end_ms: int, speed_m_s: float = 10.0) -> None:
    for time_ms in range(start_ms, end_ms + 1, 20):
        matcher.add(time_ms * MS, np.array([speed_m_s * time_ms * 1e-3, 0.0, 0.0]))


def test_positions_between_samples_are_interpolated():
    matcher = OdometryMatcher()
    driving(matcher, 0, 200)
    matcher.expect(15 * MS, 115 * MS, 0.5)
    ((stamp, travelled_m, predicted),) = matcher.matches()
    assert (stamp, predicted) == (115 * MS, 0.5)
    assert travelled_m == pytest.approx(1.0)


def test_a_translation_waits_until_odometry_has_passed_it():
    matcher = OdometryMatcher()
    driving(matcher, 0, 100)
    matcher.expect(50 * MS, 150 * MS, 0.5)
    assert list(matcher.matches()) == []
    driving(matcher, 120, 160)
    assert len(list(matcher.matches())) == 1
    assert list(matcher.matches()) == []


def test_a_translation_from_before_the_first_sample_is_dropped():
    matcher = OdometryMatcher()
    driving(matcher, 100, 300)
    matcher.expect(50 * MS, 150 * MS, 0.5)
    matcher.expect(150 * MS, 250 * MS, 0.5)
    assert [stamp for stamp, _, _ in matcher.matches()] == [250 * MS]


def test_nothing_is_interpolated_over_a_hole_of_more_than_a_second():
    matcher = OdometryMatcher()
    matcher.add(0, np.zeros(3))
    matcher.add(2000 * MS, np.ones(3))
    matcher.expect(500 * MS, 600 * MS, 0.5)
    assert list(matcher.matches()) == []


def test_odometry_that_jumps_back_starts_a_new_track():
    matcher = OdometryMatcher()
    driving(matcher, 5000, 5200)
    driving(matcher, 0, 200, speed_m_s=1.0)
    matcher.expect(50 * MS, 150 * MS, 0.5)
    ((_, travelled_m, _),) = matcher.matches()
    assert travelled_m == pytest.approx(0.1)


def test_an_hour_of_odometry_keeps_only_what_the_next_pair_needs():
    matcher = OdometryMatcher()
    for start in range(0, 20_000, 100):
        driving(matcher, start, start + 80)
        matcher.expect((start - 100) * MS, start * MS, 0.5)
        list(matcher.matches())
    assert len(matcher) <= 12


def test_odometry_without_frames_and_frames_without_odometry_are_bounded():
    matcher = OdometryMatcher()
    driving(matcher, 0, 200_000)
    for start in range(0, 10_000):
        matcher.expect(start * 1000 * MS + 10**15, start * 1000 * MS + 10**15 + MS, 0.5)
    list(matcher.matches())
    assert len(matcher) <= 4096 + 64


@pytest.mark.parametrize("position", [[0.0, 1.0], [0.0, np.nan, 0.0]])
def test_a_position_that_is_none_is_refused(position):
    with pytest.raises(ValueError, match="odometry position must be 3 finite numbers"):
        OdometryMatcher().add(0, np.array(position))
