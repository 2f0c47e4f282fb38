from __future__ import annotations

import itertools

import numpy as np
import pytest

from offline.synthetic.scene import make_scene, world_from_camera
from scene_perception.cityscapes import BUILDING, CAR


def test_the_moving_cars_come_after_all_that_stands_still():
    boxes = make_scene(0, 32, 96).boxes
    moving = boxes.velocity.any(axis=1)
    assert np.flatnonzero(moving).tolist() == [len(moving) - 3, len(moving) - 2, len(moving) - 1]
    assert set(boxes.labels[moving]) == {CAR}


@pytest.mark.parametrize("seed", [0, 3, 6])
def test_no_car_drives_through_anything(seed):
    boxes = make_scene(seed, 32, 96).boxes
    movers = np.flatnonzero(boxes.velocity.any(axis=1))
    for time_s in np.arange(0, 4, 0.05):
        low, high = (corner + boxes.velocity * time_s for corner in (boxes.low, boxes.high))
        for one, other in itertools.product(movers, range(len(boxes.low))):
            apart = (low[one] >= high[other]) | (high[one] <= low[other])
            assert one == other or apart.any(), (one, other, time_s)


def test_the_camera_meets_no_car():
    boxes = make_scene(0, 32, 96).boxes
    for time_s in np.arange(0, 4, 0.05):
        place = world_from_camera(time_s)[:3, 3]
        low, high = (corner + boxes.velocity * time_s for corner in (boxes.low, boxes.high))
        outside = (low - 0.9 > place) | (high + 0.9 < place)
        assert outside[:, [0, 2]].any(axis=1).all(), time_s


@pytest.mark.parametrize("seed", [0, 3, 6])
def test_nothing_is_built_across_the_side_street(seed):
    boxes = make_scene(seed, 32, 96).boxes
    built = boxes.labels == BUILDING
    assert not (built & (boxes.low[:, 2] < 32) & (boxes.high[:, 2] > 26)).any()
