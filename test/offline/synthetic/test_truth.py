from __future__ import annotations

import math

import pytest
import torch

from offline.synthetic import shapes
from offline.synthetic.cameras import camera_views
from offline.synthetic.joined import join
from offline.synthetic.truth import carry, exact
from offline.synthetic.visibility import look
from offline.synthetic.world import BOX, CONE, CYLINDER, DISC, SPHERE

NOW, NEXT, RIGHT = (0, 1, False), (0, 2, False), (0, 1, True)


def truth(world, to=NEXT):
    joined = join([world])
    views, other = camera_views(joined, [NOW]), camera_views(joined, [to])
    places = exact(joined, views, look(joined, views))
    return places, carry(joined, places, views, other, look(joined, other))


def test_depth_is_exact_to_float64(make_small_world):
    places, _ = truth(make_small_world((SPHERE, (0, -1.5, 5), (1, 1, 1))))
    # x = 4/64 of z: a z^2 - 10 z + 24 = 0 with a = 1 + 1/256
    a = 1 + (4 / 64) ** 2
    expected = (5 - math.sqrt(25 - 24 * a)) / a
    assert places.depth.reshape(32, 64)[16, 36].item() == pytest.approx(expected, rel=1e-14)
    assert places.depth.reshape(32, 64)[24, 0].item() == pytest.approx(12, rel=1e-14)


def test_what_stands_still_moves_by_the_camera_alone(make_small_world):
    _, moved = truth(make_small_world((BOX, (0, -1.5, 9), (1, 1, 1)), drive=(0, 0, 4)))
    # the face at 8 m, 5 px from the middle, is at 4 m then
    assert (moved.x[0, 16, 37], moved.y[0, 16, 37]) == (42, 16)
    assert moved.depth[0, 16, 37] == pytest.approx(4)
    # ground at 12 m is at 8 m then: 64 * 1.5 / 8 = 12 px below the horizon
    assert moved.y[0, 24, 32].item() == pytest.approx(28)


def test_what_moves_is_carried_by_its_body(make_small_world):
    world = make_small_world((BOX, (0, -1.5, 9), (1, 1, 1)), motion=(0.5, -0.25, -4))
    _, moved = truth(world)
    assert moved.x[0, 16, 32].item() == pytest.approx(32 + 64 * 0.5 / 4)
    assert moved.y[0, 16, 32].item() == pytest.approx(16 - 64 * 0.25 / 4)
    assert moved.depth[0, 16, 32].item() == pytest.approx(4)
    assert moved.x[0, 24, 32].item() == pytest.approx(32)


def test_the_sky_moves_by_rotation_alone(make_small_world):
    _, moved = truth(make_small_world(drive=(1, -1, 5), yaw=0.1))
    assert moved.x[0, 16, 32].item() == pytest.approx(32 - 64 * math.tan(0.1))
    assert moved.depth[0, 16, 32] == math.inf


def test_what_the_next_camera_has_behind_it_is_not_known(make_small_world):
    _, moved = truth(make_small_world((BOX, (0, -1.5, 3), (1, 1, 1)), drive=(5, 0, 2.5)))
    assert not moved.known[0, 16, 32]
    assert moved.hidden[0, 16, 32]
    assert moved.x[0, 16, 32] == 0
    assert moved.known[0, 0, 0]


def test_what_leaves_the_image_is_hidden_but_known(make_small_world):
    _, moved = truth(make_small_world((BOX, (0, -1.5, 5), (9, 1, 1))), RIGHT)
    # disparity 64 * 0.5 / 4 = 8: columns 0 .. 7 are not in the right image
    assert moved.known[0, 16].all()
    assert moved.hidden[0, 16, :8].all()
    assert not moved.hidden[0, 16, 8:].any()


def test_the_right_image_hides_what_a_nearer_box_covers(make_small_world):
    wall = (BOX, (0, -1.5, 9), (20, 9, 1))
    box = (BOX, (0, -1.5, 5), (0.49, 0.4, 1))
    _, moved = truth(make_small_world(wall, box), RIGHT)
    # the box covers columns 25 .. 39 in the left, 17 .. 31 in the right image (disparity 8);
    # the wall's disparity is 4: its columns 21 .. 35 would be there, those left of 25 are seen
    hidden = moved.hidden[0, 16].nonzero()[:, 0].tolist()
    assert hidden == [0, 1, 2, 3, 21, 22, 23, 24]


def test_a_box_that_arrives_hides_what_is_behind_it(make_small_world):
    wall = (BOX, (0, -1.5, 9), (20, 9, 1))
    world = make_small_world((BOX, (-40, -1.5, 5), (0.99, 1, 1)), wall, motion=(40, 0, 0))
    _, moved = truth(world)
    hidden = moved.hidden[0, 16].nonzero()[:, 0].tolist()
    assert hidden == list(range(17, 48))  # 0.99 * 64 / 4 px to each side


def test_a_side_that_turns_away_is_hidden(make_small_world):
    """Driving past a box, its front is not seen any more, though no other solid is before it."""
    world = make_small_world((BOX, (3, -1.5, 9), (1, 1, 4)), drive=(0, 0, 7), yaw=0.8)
    _, moved = truth(world)
    front, side = moved.hidden[0, 16, 64 - 12], moved.hidden[0, 16, 32 + 14]
    assert front
    assert not side


@pytest.mark.parametrize("shape", [BOX, SPHERE, CYLINDER, CONE, DISC])
def test_nothing_hides_itself_from_where_it_is_seen(make_small_world, shape):
    world = make_small_world((shape, (0.3, -1.2, 6), (1.5, 1, 1.3)), yaw=0)
    assert not truth(world)[1].hidden.any()


def test_ground_far_away_is_not_hidden_by_its_own_pixels(make_small_world):
    _, moved = truth(make_small_world(drive=(0.1, 0.05, 0.8), yaw=0.003, size=(120, 64)))
    inside = (moved.y >= 0) & (moved.y <= 119) & (moved.x >= 0) & (moved.x <= 63)
    assert not (moved.hidden & inside).any()


def test_the_sky_is_hidden_behind_what_arrives(make_small_world):
    world = make_small_world((BOX, (-60, -1.5, 5), (1, 1, 1)), motion=(60, 0, 0), ground=False)
    _, moved = truth(world)
    assert moved.hidden[0, 16].nonzero()[:, 0].tolist() == list(range(17, 48))


@pytest.mark.parametrize("to", [NEXT, (0, 0, False), RIGHT])
def test_what_is_hidden_is_what_rays_to_it_meet_before(make_small_world, to):
    """Of a crowd, against rays cast at every solid, not only at those seen nearby."""
    generator = torch.Generator().manual_seed(1)
    places = torch.rand(40, 3, generator=generator) * torch.tensor([12, 3, 10]) - 6
    solids = [
        (index % 5, (x, y, z + 12), (0.5, 0.7, 0.6))
        for index, (x, y, z) in enumerate(places.tolist())
    ]
    world = make_small_world(*solids, motion=(1, 0, -3), drive=(0.3, 0, 0.8), yaw=0.05)
    _, moved = truth(world, to)
    joined = join([world])
    other = camera_views(joined, [to])
    camera = other.origin[0, :, 2]
    pixels = torch.stack([moved.x, moved.y, torch.ones_like(moved.x)]).flatten(1)
    ray = other.direction[0] @ pixels  # of length 1 along Z
    expected = torch.zeros(32 * 64, dtype=torch.bool)
    for row, maps in enumerate(joined.local_from_world[to[1]]):
        origin = (maps[:, :3] @ camera + maps[:, 3])[:, None]
        depth, met = shapes.entry(row % 5, tuple(origin), tuple(maps[:, :3] @ ray))
        nearer = depth < moved.depth.flatten() * (1 - 1e-4)
        expected |= met & (depth > other.near_m) & nearer
    inside = (pixels[0] - 31.5).abs().le(32) & (pixels[1] - 15.5).abs().le(16)
    inside &= moved.known.flatten()
    wrong = (expected != moved.hidden.flatten()) & inside
    assert (expected & inside).sum() > 50
    assert wrong.sum() <= 2  # less than a pixel wide, and between them
