from __future__ import annotations

import math

from offline.synthetic.occupancy import Occupancy


def test_ground_is_given_once():
    occupancy = Occupancy()
    assert occupancy.claim([(0, 0, 0)], 4, 2)
    assert not occupancy.claim([(0, 3, 0)], 4, 2)
    assert occupancy.claim([(0, 4.5, 0)], 4, 2)


def test_long_things_may_stand_side_by_side():
    occupancy = Occupancy()
    assert occupancy.claim([(0, 0, 0)], 12, 2)
    assert occupancy.claim([(2.1, 0, 0)], 12, 2)
    assert not occupancy.claim([(4, 5, math.pi / 2)], 8, 2)


def test_ways_that_cross_at_different_times_do_not_collide():
    occupancy = Occupancy()
    assert occupancy.claim([(0, 0, 0), (0, 20, 0)], 4, 2)
    assert occupancy.claim([(0, 20, 0), (0, 40, 0)], 4, 2)
    assert not occupancy.claim([(9, 9, 0), (0, 21, 0)], 4, 2)
