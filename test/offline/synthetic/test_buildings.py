from __future__ import annotations

import pytest

from offline.synthetic.assembly import Assembly
from offline.synthetic.buildings import Plot, draw_building
from offline.synthetic.draws import Draws
from scene_perception.cityscapes import BUILDING


@pytest.mark.parametrize("town", [False, True])
def test_buildings_stand_on_the_ground_as_high_as_planned(town, lowest):
    plot = Plot(length=12, depth=9, height=8, facing=1, town=town)
    for seed in range(10):
        parts = draw_building(Assembly(seed, (0.0,)), Draws(seed, "house"), plot)
        assert lowest(parts) == pytest.approx(0, abs=1e-9)
        assert {part.label for part in parts} == {BUILDING}
        top = min(part.frame[7] - sum(map(abs, part.frame[4:7])) for part in parts)
        assert -15 < top <= -8


def test_buildings_stay_off_the_pavement_but_for_balconies():
    plot = Plot(length=12, depth=9, height=8, facing=1, town=True)
    for seed in range(10):
        for part in draw_building(Assembly(seed, (0.0,)), Draws(seed, "house"), plot):
            front = part.frame[3] + sum(map(abs, part.frame[0:3]))
            assert front <= 4.9 or part.frame[7] < -2.5
