from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from offline.synthetic.joined import join
from offline.synthetic.world import BOX, SPHERE

BALL = (SPHERE, (0, -1.5, 8), (1, 2, 3))
BLOCK = (BOX, (5, -1.5, 8), (1, 1, 1))


def test_rows_and_materials_are_counted_through_all_worlds(make_small_world):
    one, two = make_small_world(BALL, BLOCK), make_small_world(BLOCK)
    joined = join([one, replace(two, materials=torch.ones(3, 4)), one])
    assert joined.first.tolist() == [0, 2, 3, 5]
    assert joined.world.tolist() == [0, 0, 1, 2, 2]
    assert joined.shape.tolist() == [SPHERE, BOX, BOX, SPHERE, BOX]
    assert joined.material.tolist() == [0, 1, 2, 5, 6]


def test_maps_lead_from_the_unit_shape_to_the_world_and_back(make_small_world):
    joined = join([make_small_world(BALL, BLOCK, motion=(1, 0, 0))])
    top = torch.tensor([0, -1, 0, 1]).double()
    assert (joined.world_from_local[:, 0] @ top).tolist() == [[t, -3.5, 8] for t in (-1, 0, 1)]
    there = torch.tensor([1, -3.5, 8, 1]).double()
    assert (joined.local_from_world[2, 0] @ there).tolist() == [0, -1, 0]


def test_what_never_moves_is_fixed(make_small_world):
    assert join([make_small_world(BALL, BLOCK, motion=(1, 0, 0))]).fixed.tolist() == [False, True]


def test_worlds_without_ground_have_an_empty_row(make_small_world):
    joined = join([make_small_world(ground=False), make_small_world()])
    assert joined.has_ground.tolist() == [False, True]
    assert (joined.ground[0] == 0).all()


def test_worlds_with_other_times_are_refused(make_small_world):
    world = make_small_world(BALL)
    longer = replace(world.rig, world_from_camera=torch.eye(4).double().repeat(5, 1, 1))
    with pytest.raises(ValueError, match="same height, width and number of times"):
        join([world, replace(world, rig=longer)])
