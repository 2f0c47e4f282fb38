"""What is said about left and right stamps: each cause by its name, each with a remedy."""

from __future__ import annotations

import random

import pytest

from scene_perception.nodes.stamp_offsets import LEFT, RIGHT, nearest_offsets, pairing_report

MS = 1_000_000
START = 10_000 * MS
PERIOD = 33_333_333


def arrivals(
    offset_ms: float = 0.0,
    *,
    jitter_ms: float = 0.0,
    count: int = 30,
    lost: tuple[int, ...] = (),
    right_every: int = 1,
) -> list[tuple[int, int]]:
    """Images at 30 Hz, the right ones offset and jittered; ``lost`` right ones never come."""
    noise = random.Random(0)
    result = []
    for index in range(count):
        stamp = START + index * PERIOD
        result.append((LEFT, stamp))
        if index not in lost and index % right_every == 0:
            shift = offset_ms + noise.uniform(-jitter_ms, jitter_ms)
            result.append((RIGHT, stamp + round(shift * MS)))
    return result


def test_the_nearest_right_stamp_may_be_earlier_or_later():
    assert nearest_offsets([100, 200, 300], [90, 210, 290, 310]) == (-10, 10, -10)


def test_left_images_beyond_the_right_ones_have_no_nearest():
    assert nearest_offsets([0, 100, 200], [50, 150]) == (-50,)


def test_a_constant_offset_is_measured_and_both_remedies_are_named():
    assert pairing_report(arrivals(12.3, jitter_ms=0.2), 0) == (
        "left and right images never share a stamp: the nearest right image is 12.4 ms later "
        "(median of 20, 12.1 to 12.5 ms); set sync.mode approximate and sync.tolerance_s to at "
        "least 0.02, or trigger both cameras together"
    )


def test_an_offset_beyond_the_tolerance_names_the_tolerance():
    assert pairing_report(arrivals(-12.3, jitter_ms=0.2), 10 * MS) == (
        "left and right images never lie within sync.tolerance_s 0.01: the nearest right image "
        "is 12.2 ms earlier (median of 20, 12.1 to 12.5 ms); set sync.tolerance_s to at least "
        "0.02, or trigger both cameras together"
    )


def test_half_a_period_apart_is_one_offset_and_not_two():
    report = pairing_report(arrivals(16.66, jitter_ms=0.3), 0)
    assert "the nearest right image is 16.7 ms later (median of 20, 16." in report


def test_jitter_is_told_from_an_offset_by_its_range():
    report = pairing_report(arrivals(jitter_ms=9.0), 2 * MS)
    assert report.startswith("left and right images only ")
    assert "ms earlier to " in report
    assert report.endswith(
        "set sync.tolerance_s to at least 0.009, or trigger both cameras together"
    )


def test_lost_images_are_told_from_jitter():
    report = pairing_report(arrivals(jitter_ms=0.5, lost=(11, 15, 20, 24)), 10 * MS)
    assert report.startswith("4 of 20 left images have lost their right one; reduce the load")


def test_different_rates_are_named_in_hz():
    assert pairing_report(arrivals(right_every=2), 10 * MS) == (
        "left images come at 30.0 Hz and right images at 15.0 Hz, so that some have no partner; "
        "run both cameras at one rate, best by one trigger"
    )


def test_a_side_that_never_came_is_named():
    lonely = [(RIGHT, START + index * PERIOD) for index in range(4)]
    assert pairing_report(lonely, 0) == (
        "only right images come, the last 4 without a left one; check the left camera's driver "
        "and the name of its topic"
    )


@pytest.mark.parametrize("missing", [6, 20, 60])
def test_a_side_that_stopped_is_named(missing):
    lost = tuple(range(20, 20 + missing))
    report = pairing_report(arrivals(count=20 + missing, lost=lost), 10 * MS)
    assert report.startswith(f"only left images come, the last {missing} without a right one")


def test_clocks_of_their_own_are_named_with_their_distance():
    apart = [
        (side, START + index * PERIOD + (3600_000 * MS if side == RIGHT else 0))
        for index in range(30)
        for side in (LEFT, RIGHT)
    ]
    assert pairing_report(apart, 0).startswith(
        "left and right stamps do not overlap: the newest right image is 3.6e+03 s later than "
        "the newest left one; synchronise the cameras' clocks"
    )


def test_pairs_as_they_should_be_are_reported_too():
    assert pairing_report(arrivals(1.0), 10 * MS).startswith(
        "20 of 20 left images have a right one within sync.tolerance_s 0.01: the nearest right "
        "image is 1.0 ms later"
    )


@pytest.mark.parametrize(
    ("seen", "report"),
    [
        ([], "no left and no right image has come"),
        (arrivals(count=2), "2 left and 2 right images so far"),
    ],
)
def test_too_little_to_judge_is_said(seen, report):
    assert pairing_report(seen, 0) == report
