from __future__ import annotations

import math

import pytest
import torch

from offline.synthetic.cameras import camera_views
from offline.synthetic.joined import join
from offline.synthetic.surfaces import hits_of
from offline.synthetic.visibility import look
from offline.synthetic.world import BOX, DISC, SPHERE


@pytest.fixture
def at(make_small_world):
    """Return what a pixel of a world shows, by the names of ``Hits``."""

    def hit(*solids, row, column, time=1, **options):
        joined = join([make_small_world(*solids, **options)])
        views = camera_views(joined, [(0, time, False)])
        hits = hits_of(joined, views, look(joined, views))
        return {name: values[row * 64 + column] for name, values in vars(hits).items()}

    return hit


BLOCK = (BOX, (0, -1.5, 8), (1, 1, 1))


def test_a_face_is_hit_in_its_bodys_frame(at):
    found = at((SPHERE, (9, 9, 9), (1, 1, 1)), BLOCK, row=16, column=32 + 4)
    assert found["solid"] == 1
    assert found["material"] == 1
    assert found["local"].tolist() == pytest.approx([4 * 7 / 64, 0, -1])
    assert found["normal"].tolist() == [0, 0, -1]
    assert found["distance_m"].item() == pytest.approx(7 * math.hypot(1, 4 / 64))
    assert found["lit"] == 1


def test_a_moving_body_carries_its_frame_along(at):
    found = at(BLOCK, row=16, column=32, time=2, motion=(0, 0, -3))
    assert found["local"].tolist() == pytest.approx([0, 0, -1])
    assert found["distance_m"] == pytest.approx(4)


def test_a_turned_camera_sees_the_world_turned(at):
    found = at(BLOCK, row=16, column=32 - 8, time=2, yaw=math.atan(8 / 64))
    assert found["ray"].tolist() == pytest.approx([0, 0, 1], abs=1e-6)
    assert found["body_normal"].tolist() == pytest.approx([0, 0, -1])


def test_a_pixel_covers_more_of_what_is_far_or_slanted(at):
    assert at(BLOCK, row=16, column=32)["footprint_m"].item() == pytest.approx(7 / 64)
    # the ground at 12 m is 12 / 1.5 times as long as what faces the camera
    found = at(row=24, column=32)
    assert found["footprint_m"].item() == pytest.approx(12 / 64 * math.sqrt(8))
    assert found["local"].tolist() == pytest.approx([0, 0, 12], abs=1e-6)
    assert found["normal"].tolist() == [0, -1, 0]
    assert (found["solid"], found["material"]) == (-1, 0)


def test_the_sky_has_a_direction_and_nothing_else(at):
    found = at(row=0, column=32)
    length = math.hypot(1, 16 / 64)
    assert found["solid"] == -2
    assert found["local"].tolist() == pytest.approx([0, -16 / 64 / length, 1 / length])
    assert found["normal"].tolist() == [0, 0, 0]
    assert found["distance_m"] == math.inf


@pytest.mark.parametrize(("depth", "normal"), [(1, -1), (-1, -1)])
def test_a_disc_faces_the_camera_from_both_sides(at, depth, normal):
    found = at((DISC, (0, -1.5, 8), (1, 1, depth)), row=16, column=32)
    assert found["normal"].tolist() == [0, 0, normal]


def test_normals_of_a_stretched_ball_are_those_of_an_ellipsoid(at):
    found = at((SPHERE, (0, -1.5, 8), (2, 1, 1)), row=16, column=32 + 10)
    x, y, z = found["local"].tolist()
    expected = torch.tensor([x / 4, y, z])
    torch.testing.assert_close(found["normal"], expected / expected.norm())
