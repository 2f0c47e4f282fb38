from __future__ import annotations

import pytest

from offline.synthetic.affine import upright
from offline.synthetic.assembly import Assembly
from offline.synthetic.cycles import BICYCLE, LENGTH_M, MOTORCYCLE, draw_cycle
from offline.synthetic.draws import Draws
from offline.synthetic.people import RIDER

POSES = [upright(0, 5, 0)] * 3


def _labels(*, motor: bool, ridden: bool) -> list[set[int]]:
    assembly = Assembly(1, (0.0, 0.1, 0.2))
    things = draw_cycle(assembly, Draws(1, "cycle"), POSES, motor=motor, ridden=ridden)
    return [{part.label for parts, _ in thing for part in parts} for thing in things]


def test_a_rider_is_a_thing_of_its_own():
    assert _labels(motor=False, ridden=True) == [{BICYCLE}, {RIDER}]
    assert _labels(motor=True, ridden=False) == [{MOTORCYCLE}]


@pytest.mark.parametrize("motor", [False, True])
def test_cycles_stand_on_their_wheels(motor, lowest):
    assembly = Assembly(1, (0.0,))
    [[(parts, _)]] = draw_cycle(assembly, Draws(1, "c"), POSES[:1], motor=motor, ridden=False)
    assert lowest(parts) == pytest.approx(0, abs=1e-9)
    assert max(abs(part.frame[11]) + abs(part.frame[10]) for part in parts) <= LENGTH_M / 2 + 0.1
