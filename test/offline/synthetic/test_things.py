from __future__ import annotations

import torch

from offline.synthetic.make import make_world
from offline.synthetic.settings import THINGS, WorldSettings
from offline.synthetic.world import World


def _world(seed: int) -> World:
    return make_world(seed, WorldSettings(mode=THINGS, height=32, width=96, standing=0.5))


def test_things_move_and_turn_each_their_own_way():
    poses = _world(0).bodies
    moved = poses.moving
    way = (poses.world_from_body[1] - poses.world_from_body[0])[moved]
    assert len(way) > 5
    assert (way[:, :3, :3].abs().amax((1, 2)) > 1e-4).all()
    assert (torch.cdist(way[:, :3, 3], way[:, :3, 3]) + torch.eye(len(way)) > 1e-6).all()


def test_motions_are_rigid():
    rotation = _world(1).bodies.world_from_body[..., :3, :3]
    expected = torch.eye(3).double().expand_as(rotation)
    torch.testing.assert_close(rotation @ rotation.mT, expected)


def test_the_backdrop_is_behind_everything_and_all_around():
    world = _world(2)
    still = world.bodies.instance == 0
    walls = world.bodies.world_from_body[0, still] @ torch.tensor([0, 0, 70.0, 1]).double()
    assert (walls[:, :3].norm(dim=1) > 69).all()
    directions = torch.nn.functional.normalize(walls[:, :3], dim=1)
    assert directions[:, 2].max() > 0.99


def test_shapes_of_all_kinds_fly():
    shapes = torch.cat([_world(seed).solids.shape for seed in range(5)])
    assert set(shapes.tolist()) == {0, 1, 2, 3, 4}
