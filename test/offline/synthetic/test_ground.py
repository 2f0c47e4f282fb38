from __future__ import annotations

import pytest
import torch

from offline.synthetic.draws import Draws
from offline.synthetic.ground import COLUMNS, ground_colour, ground_labels
from offline.synthetic.street import CITY, Side, Street, ground_row
from scene_perception.cityscapes import ROAD, SIDEWALK, TERRAIN


def _row(radius: float = 1e5, junction: float | None = None, zebra: float | None = None):
    left = Side(lanes=1, kerb=4.0, parking=0.0, verge=0.0, pavement=2.0, paved=True)
    right = Side(lanes=2, kerb=7.0, parking=0.0, verge=1.0, pavement=2.0, paved=False)
    street = Street(CITY, radius, 3.0, left, right, junction, 4.0, 1, zebra)
    return torch.tensor(ground_row(street, Draws(0, "ground")))


def _labels(row, *places):
    x, z = torch.tensor(places).T
    return ground_labels(x, z, row).tolist()


def test_the_row_has_a_column_for_every_reader():
    assert _row().shape == (COLUMNS,)


def test_classes_follow_each_other_across_the_street():
    row = _row()
    places = [(0.0, 9.0), (6.9, 9.0), (7.5, 9.0), (9.0, 9.0), (10.5, 9.0)]
    assert _labels(row, *places) == [ROAD, ROAD, TERRAIN, SIDEWALK, TERRAIN]
    assert _labels(row, (-3.9, 9.0), (-5.0, 9.0), (-8.0, 9.0)) == [ROAD, SIDEWALK, SIDEWALK]


def test_a_square_ends():
    assert _labels(_row(), (-60.0, 9.0)) == [TERRAIN]


def test_bends_bend_the_ground():
    place = [(100 - 98 * 0.8, 98 * 0.6)]  # 2 m to the right of the middle, 3-4-5
    assert _labels(_row(radius=100.0), *place) == [ROAD]
    assert _labels(_row(radius=-100.0), *place) == [TERRAIN]


def test_side_streets_leave_on_their_side():
    row = _row(junction=30.0)
    assert _labels(row, (40.0, 30.0), (-40.0, 30.0), (40.0, 35.0)) == [ROAD, TERRAIN, SIDEWALK]


def test_one_row_for_all_is_as_one_row_for_each():
    row = _row(junction=20.0)
    x, z = torch.rand(2, 50, generator=torch.Generator().manual_seed(0)) * 40 - 10
    assert torch.equal(ground_labels(x, z, row), ground_labels(x, z, row.expand(50, -1)))


def test_no_places_have_no_labels():
    nothing = torch.zeros(0)
    assert ground_labels(nothing, nothing, torch.zeros(0, 0)).shape == (0,)


def test_a_crossing_is_white_and_dark_in_turn():
    row = _row(zebra=20.0)
    x = torch.tensor([0.25, 0.75, 1.25, 1.75])
    local = torch.stack([x, torch.zeros(4), torch.full((4,), 20.0)], 1)
    small = torch.full((4,), 0.01)
    white = ground_colour(local, row[None], small, torch.full((4,), 0.5)).mean(1)
    assert (white[0::2] > 1.3 * white[1::2]).all()


@pytest.mark.parametrize("footprint", [1e-3, 0.1, 20.0])
def test_colours_are_reflectances_at_any_distance(footprint):
    place = torch.rand(400, 3, generator=torch.Generator().manual_seed(0)) * 60 - 20
    size = torch.full((400,), footprint)
    colour = ground_colour(place, _row(junction=10.0)[None], size, torch.full((400,), 0.05))
    assert colour.isfinite().all()
    assert colour.min() >= 0
    assert colour.max() < 1
