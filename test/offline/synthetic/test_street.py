from __future__ import annotations

import math

import pytest

from offline.synthetic.draws import Draws
from offline.synthetic.street import CITY, COUNTRY, SUBURB, Side, Street, draw_street


def _street(radius: float) -> Street:
    side = Side(lanes=1, kerb=3.5, parking=0.0, verge=0.0, pavement=2.0, paved=False)
    return Street(CITY, radius, 3.0, side, side, 30.0, 4.0, 1, None)


def test_a_bend_to_the_right_turns_right():
    x, z, heading = _street(100.0).place(100 * math.pi / 2, 0.0)
    assert (x, z, heading) == pytest.approx((100, 100, math.pi / 2))


def test_a_bend_to_the_left_keeps_its_right_side_outside():
    x, z, heading = _street(-100.0).place(100 * math.pi / 2, 2.0)
    assert (x, z, heading) == pytest.approx((-100, 102, -math.pi / 2))


def test_side_streets_are_open_on_their_side_alone():
    street = _street(1e4)
    assert street.open_at(33.0, 1)
    assert street.open_at(35.0, 1, margin=2)
    assert not street.open_at(33.0, -1)
    assert not street.open_at(50.0, 1)


def test_lanes_lie_inside_the_kerbs_of_every_seed():
    for seed in range(60):
        street = draw_street(Draws(seed, "street"))
        for sign in (-1, 1):
            side = street.side(sign)
            edge = abs(street.lane_middle(sign, side.lanes - 1)) + street.lane / 2
            assert edge + side.parking <= side.kerb < 14


def test_there_are_all_kinds_of_streets_bends_both_ways_and_junctions():
    streets = [draw_street(Draws(seed, "street")) for seed in range(60)]
    assert {street.kind for street in streets} == {CITY, SUBURB, COUNTRY}
    assert min(street.radius for street in streets) < 0 < max(s.radius for s in streets)
    crossed = sum(street.junction is not None for street in streets)
    assert 20 < crossed < 50
