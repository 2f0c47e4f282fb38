from __future__ import annotations

import pytest
import torch

from offline.synthetic import shadows
from offline.synthetic.cameras import camera_views
from offline.synthetic.joined import join
from offline.synthetic.render import pictures, sun_maps_of
from offline.synthetic.visibility import look
from offline.synthetic.world import BOX, CONE, CYLINDER, SPHERE


def lit(*worlds, shots=((0, 1, False),)):
    """Return how lit pixels are. # (V, H, W)."""
    joined, found = join(worlds), []

    def keep(hits, _):
        found.append(hits.lit)
        return hits.local

    views = camera_views(joined, list(shots))
    pictures(joined, views, look(joined, views), sun_maps_of(joined, shots), shade=keep)
    return torch.cat(found).reshape(len(views), views.height, views.width)


def test_a_block_throws_its_shadow_away_from_the_sun(make_small_world):
    """Sun from the left at 45 degrees: a block 2 m high shadows 2 m to its right."""
    world = make_small_world((BOX, (-2, -1, 12), (1, 1, 4)), to_sun=(-1, -1, 0))
    row = lit(world)[0, 24]  # the ground at 12 m; a pixel is 12 / 64 m
    metres = (torch.arange(64) - 32) * 12 / 64
    assert (row[(metres > -0.9) & (metres < 0.8)] == 0).all()
    assert (row[metres > 1.2] == 1).all()
    assert (row[metres < -4.6] == 1).all()


def test_the_edge_of_a_shadow_is_soft(make_small_world):
    world = make_small_world((BOX, (-2, -1, 12), (1, 1, 4)), to_sun=(-1, -1, 0), size=(32, 64))
    values = lit(world)
    assert ((values > 0.02) & (values < 0.98)).any()


def test_without_sun_everything_is_lit(make_small_world):
    assert (lit(make_small_world((BOX, (-2, -1, 12), (1, 1, 4)))) == 1).all()


def test_a_world_without_sun_is_lit_beside_one_with(make_small_world):
    solid = (BOX, (-2, -1, 12), (1, 1, 4))
    both = [make_small_world(solid, to_sun=(-1, -1, 0)), make_small_world(solid)]
    values = lit(*both, shots=[(0, 1, False), (1, 1, True)])
    assert (values[0] == 0).any()
    assert (values[1] == 1).all()


def test_the_sky_and_ground_without_solids_are_lit(make_small_world):
    assert (lit(make_small_world(to_sun=(0.3, -0.5, -1))) == 1).all()


@pytest.mark.parametrize("shape", [BOX, SPHERE, CYLINDER, CONE])
def test_no_solid_is_speckled_by_its_own_shadow(make_small_world, shape):
    world = make_small_world((shape, (0, -1.3, 5), (1, 1, 1)), to_sun=(-0.4, -0.3, -1))
    values = lit(world)[0]
    assert set(values[10:20, 26:38].unique().tolist()) <= {0.0, 1.0}


def test_sides_turned_from_the_sun_get_none(make_small_world):
    world = make_small_world((BOX, (0, -1.5, 5), (1, 1, 1)), to_sun=(0, -1, 1))
    assert lit(world)[0, 16, 32] == 0


def test_blocks_that_touch_do_not_shadow_each_others_lit_faces(make_small_world):
    blocks = [(BOX, (2 * i - 4, -1.5, 6), (1, 1.5, 1)) for i in range(5)]
    values = lit(make_small_world(*blocks, to_sun=(-0.8, -0.5, -0.5)))[0]
    assert (values[4:24, 2:60] == 1).all()


def test_a_shadow_moves_with_what_throws_it(make_small_world):
    world = make_small_world((BOX, (-2, -1, 12), (1, 1, 4)), to_sun=(-1, -1, 0), motion=(-2, 0, 0))
    row = lit(world, shots=[(0, 1, False), (0, 2, False)])[:, 24, 34]
    assert row.tolist() == [0, 1]


def test_what_a_map_shows_at_one_moment_does_not_depend_on_the_others(make_small_world):
    world = make_small_world((BOX, (-2, -1, 12), (1, 1, 4)), to_sun=(-1, -1, 0), motion=(1, 0, 0))
    joined = join([world])
    both = shadows.sun_maps(joined, [(0, 0), (0, 2)])
    alone = shadows.sun_maps(joined, [(0, 2)])
    assert torch.equal(both.seen.depth[1], alone.seen.depth[0])
