from __future__ import annotations

import pytest

from offline.synthetic import vegetation
from offline.synthetic.assembly import Assembly
from offline.synthetic.draws import Draws
from offline.synthetic.world import CONE, SPHERE


def _draw(maker, seed: int, *more):
    return maker(Assembly(seed, (0.0,)), Draws(seed, "green"), *more)


@pytest.mark.parametrize(
    ("maker", "more"),
    [
        (vegetation.draw_tree, ()),
        (vegetation.draw_bush, ()),
        (vegetation.draw_hedge, (6.0,)),
        (vegetation.draw_wood, (20.0,)),
        (vegetation.draw_hill, ()),
    ],
)
def test_what_grows_reaches_the_ground_and_is_vegetation(maker, more, lowest):
    for seed in range(8):
        parts = _draw(maker, seed, *more)
        assert lowest(parts) >= -0.02
        assert {part.label for part in parts} == {vegetation.VEGETATION}


def test_crowns_leave_room_below():
    for seed in range(20):
        crown = [part for part in _draw(vegetation.draw_tree, seed) if part.shape == SPHERE]
        for part in crown:
            assert part.frame[7] < -1.5


def test_some_trees_are_conifers():
    cones = [any(p.shape == CONE for p in _draw(vegetation.draw_tree, s)) for s in range(30)]
    assert 1 <= sum(cones) <= 15
