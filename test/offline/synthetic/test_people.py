from __future__ import annotations

import pytest

from offline.synthetic.affine import upright
from offline.synthetic.assembly import Assembly
from offline.synthetic.draws import Draws
from offline.synthetic.people import PERSON, RIDER, draw_rider, draw_walker

CLOCK = (0.0, 0.1, 0.2)


def _walker(seed: int, speed: float):
    poses = [upright(0, speed * time, 0) for time in CLOCK]
    return draw_walker(Assembly(seed, CLOCK), Draws(seed, "walker"), poses, speed), poses


def test_standing_people_have_their_feet_on_the_ground(lowest):
    for seed in range(10):
        limbs, poses = _walker(seed, 0.0)
        assert all(list(places) == poses or places[0] == places[2] for _, places in limbs)
        feet = [lowest(parts) + places[0][7] for parts, places in limbs]
        assert max(feet) == pytest.approx(0, abs=0.02)


def test_legs_and_arms_swing_against_each_other():
    limbs, _ = _walker(0, 1.4)
    assert len(limbs) == 5
    swing = [places[0][6] for _, places in limbs[1:]]  # the sine of each limb's pitch
    left_leg, left_arm, right_leg, right_arm = swing
    assert left_leg == pytest.approx(-right_leg)
    assert left_leg * left_arm < 0
    assert left_arm == pytest.approx(-right_arm)
    assert limbs[1][1][0] != limbs[1][1][1]


def test_people_are_as_tall_as_people():
    tall = []
    for seed in range(30):
        limbs, _ = _walker(seed, 0.0)
        tall.append(-min(part.frame[7] - abs(part.frame[5]) for part in limbs[0][0]))
    assert 0.95 < min(tall) < 1.5
    assert 1.6 < max(tall) < 2.0


def test_riders_sit_on_their_seat():
    seat = (0.0, -0.95, -0.2)
    [(parts, _)] = draw_rider(
        Assembly(0, CLOCK), Draws(0, "rider"), [upright(0, 5, 0)] * 3, seat, (0.3, -1.0, 0.4)
    )
    assert {part.label for part in parts} == {RIDER}
    assert PERSON not in {part.label for part in parts}
    highest, deepest = min(p.frame[7] for p in parts), max(p.frame[7] for p in parts)
    assert -1.9 < highest < -1.4
    assert deepest < 0
