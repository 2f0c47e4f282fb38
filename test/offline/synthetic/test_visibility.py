from __future__ import annotations

import math

import pytest
import torch

from offline.synthetic import visibility
from offline.synthetic.cameras import camera_views
from offline.synthetic.joined import GROUND, SKY, join
from offline.synthetic.visibility import look
from offline.synthetic.world import BOX, CONE, CYLINDER, DISC, SPHERE


def seen(*worlds, shots=((0, 1, False),)):
    joined = join(worlds)
    return look(joined, camera_views(joined, list(shots)))


def test_ground_and_sky_are_where_the_horizon_says(make_small_world):
    found = seen(make_small_world())
    assert (found.row[0, :17] == SKY).all()
    assert (found.row[0, 17:] == GROUND).all()
    assert found.depth[0, 0, 0] == math.inf
    # 1.5 m below the camera: depth 64 * 1.5 / 8 in the row 8 px below the horizon
    assert found.depth[0, 24].tolist() == pytest.approx([12.0] * 64)


def test_without_ground_there_is_sky_below(make_small_world):
    assert (seen(make_small_world(ground=False)).row == SKY).all()


@pytest.mark.parametrize(
    ("shape", "depth"), [(BOX, 7), (SPHERE, 7), (CYLINDER, 7), (CONE, 7.5), (DISC, 8)]
)
def test_each_shape_is_met_where_it_faces_the_camera(make_small_world, shape, depth):
    found = seen(make_small_world((shape, (0, -1.5, 8), (1, 1, 1))))
    assert found.row[0, 16, 32] == 0
    assert found.depth[0, 16, 32].item() == pytest.approx(depth, rel=1e-6)


def test_a_box_covers_the_pixels_whose_centres_it_projects_to(make_small_world):
    found = seen(make_small_world((BOX, (0, -1.5, 8), (0.99, 0.49, 1)), ground=False))
    rows, columns = (found.row[0] == 0).nonzero().unbind(1)
    # 64 * 0.99 / 7 = 9.05 px to each side, 64 * 0.49 / 7 = 4.48 px up and down
    assert (columns.min(), columns.max()) == (23, 41)
    assert (rows.min(), rows.max()) == (12, 20)


@pytest.mark.parametrize("order", [1, -1])
def test_the_nearer_solid_hides_the_farther(make_small_world, order):
    solids = [(BOX, (0, -1.5, 8), (1, 1, 1)), (SPHERE, (0, -1.5, 5), (0.5, 0.5, 0.5))][::order]
    found = seen(make_small_world(*solids))
    assert found.depth[0, 16, 32].item() == pytest.approx(4.5)
    assert found.depth[0, 16, 40].item() == pytest.approx(7)


def test_of_two_at_one_depth_the_first_is_seen(make_small_world):
    solid = (BOX, (0, -1.5, 8), (1, 1, 1))
    found = seen(make_small_world(solid, solid))
    assert 1 not in found.row


def test_a_wall_that_passes_the_camera_is_seen_to_the_image_border(make_small_world):
    found = seen(make_small_world((BOX, (3, -1.5, 0), (1, 1.4, 20)), ground=False))
    # 2 m to the right: the ray through column 32 + c meets it at 64 * 2 / c
    for column in (63, 48, 39):
        assert found.depth[0, 16, column].item() == pytest.approx(128 / (column - 32), rel=1e-5)


def test_what_is_behind_or_around_the_camera_is_not_seen(make_small_world):
    behind = (SPHERE, (0, -1.5, -5), (1, 1, 1))
    around = (BOX, (0, -1.5, 0), (1, 1, 1))
    assert (seen(make_small_world(behind, around)).row >= GROUND).all()


def test_small_chunks_see_the_same(make_small_world, monkeypatch):
    generator = torch.Generator().manual_seed(0)
    solids = [
        (kind, tuple((torch.rand(3, generator=generator) * 6 - 3).tolist()), (0.6, 0.5, 0.4))
        for kind in (BOX, SPHERE, CYLINDER, CONE, DISC) * 8
    ]
    solids = [(kind, (x, y - 1.5, z + 6), half) for kind, (x, y, z), half in solids]
    world = make_small_world(*solids, size=(33, 61))
    whole = seen(world)
    monkeypatch.setattr(visibility, "_CHUNK", {"cpu": 100})
    parts = seen(world)
    assert torch.equal(whole.row, parts.row)
    assert torch.equal(whole.depth, parts.depth)


def test_worlds_of_a_batch_do_not_see_each_other(make_small_world):
    near = make_small_world((BOX, (0, -1.5, 4), (1, 1, 1)))
    far = make_small_world((BOX, (0, -1.5, 9), (1, 1, 1)), (SPHERE, (0, -1.5, 6), (0.1, 0.1, 0.1)))
    found = seen(near, far, shots=[(0, 1, False), (1, 1, False), (0, 1, True)])
    assert found.depth[:, 16, 36].tolist() == pytest.approx([3, 8, 3])
    assert found.row[:, 16, 36].tolist() == [0, 1, 0]
