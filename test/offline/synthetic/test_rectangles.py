from __future__ import annotations

import torch

from offline.synthetic.cameras import camera_views
from offline.synthetic.joined import join
from offline.synthetic.rectangles import rectangles
from offline.synthetic.world import BOX, SPHERE

# Tiles are 8 px: an image of 64 x 32 px has 8 x 4 of them.


def tiles(*worlds, shots=((0, 1, False),), chosen=None) -> list[list[int]]:
    """Return view, row, left, top, right and bottom of each rectangle."""
    joined = join(worlds)
    found = rectangles(joined, camera_views(joined, list(shots)), chosen)
    return torch.stack(list(vars(found).values()), 1).tolist()


def test_a_box_is_bounded_by_its_corners(make_small_world):
    # its front covers columns 23 ... 41 and rows 12 ... 20
    world = make_small_world((BOX, (0, -1.5, 8), (0.99, 0.49, 1)))
    assert tiles(world) == [[0, 0, 2, 1, 6, 3]]


def test_what_no_pixel_can_show_has_none(make_small_world):
    behind, beside = (SPHERE, (0, -1.5, -3), (1, 1, 1)), (SPHERE, (20, -1.5, 5), (1, 1, 1))
    between_pixels = (BOX, (0.03, -1.47, 8), (0.01, 0.01, 0.01))
    assert tiles(make_small_world(behind, beside, between_pixels)) == []


def test_what_passes_the_camera_is_cut_at_the_near_plane(make_small_world):
    # its inner side, 2 m to the right, comes into view at column 32 + 64 * 2 / 20
    world = make_small_world((BOX, (3, -1.5, 0), (1, 0.5, 20)))
    assert tiles(world) == [[0, 0, 4, 0, 8, 4]]


def test_views_have_their_own_worlds_solids_among_those_chosen(make_small_world):
    block, world = (BOX, (0, -1.5, 8), (0.99, 0.49, 1)), make_small_world
    worlds = world(block, block), world(block)
    shots = [(1, 1, False), (0, 1, False), (1, 1, True)]
    assert [row[:2] for row in tiles(*worlds, shots=shots)] == [[0, 2], [1, 0], [1, 1], [2, 2]]
    chosen = torch.tensor([False, True, True])
    assert [row[:2] for row in tiles(*worlds, shots=shots, chosen=chosen)] == [
        [0, 2],
        [1, 1],
        [2, 2],
    ]
