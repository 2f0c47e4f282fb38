from __future__ import annotations

import pytest

from offline.synthetic.assembly import Assembly
from offline.synthetic.draws import Draws
from offline.synthetic.vehicles import BUS, MAKERS, TRAIN, TRUCK
from offline.synthetic.world import CYLINDER
from scene_perception.cityscapes import CAR


@pytest.mark.parametrize("name", ["car", "truck", "bus", "tram"])
def test_vehicles_stand_on_the_ground_with_one_label(name, lowest):
    label = {"car": CAR, "truck": TRUCK, "bus": BUS, "tram": TRAIN}[name]
    for seed in range(12):
        vehicle = MAKERS[name](Assembly(seed, (0.0,)), Draws(seed, name))
        assert lowest(vehicle.parts) == pytest.approx(0, abs=0.02)
        assert {part.label for part in vehicle.parts} == {label}
        assert len(vehicle.parts) <= 10


def test_vehicles_are_as_long_and_wide_as_they_claim():
    for name, maker in MAKERS.items():
        vehicle = maker(Assembly(2, (0.0,)), Draws(2, name))
        for part in vehicle.parts:
            rows = part.frame[0:4], part.frame[8:12]
            reach = [abs(row[3]) + sum(map(abs, row[:3])) for row in rows]
            if part.shape != CYLINDER:  # a box in the corner of a wheel would be larger
                assert reach[0] <= vehicle.width / 2 + 0.03
            assert reach[1] <= vehicle.length / 2 + 0.03


def test_cars_come_in_many_shapes():
    lengths = {
        round(MAKERS["car"](Assembly(seed, (0.0,)), Draws(seed, "car")).length, 2)
        for seed in range(20)
    }
    assert len(lengths) > 15
