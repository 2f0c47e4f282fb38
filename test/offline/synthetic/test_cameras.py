from __future__ import annotations

import torch

from offline.synthetic.cameras import bands, camera_views, of_pixels, on_pixels, project
from offline.synthetic.joined import join

POINT = torch.tensor([[1.0], [-0.5], [8.0], [1.0]]).double()


def values(tensors) -> list[float]:
    return [tensor.item() for tensor in tensors]


def test_a_point_is_where_the_pinhole_puts_it(make_small_world):
    views = camera_views(join([make_small_world()]), [(0, 1, False)])
    # a metre to the right and a metre below: 64 / 8 px from the principal point
    assert values(project(views, POINT)) == [40.0, 24.0, 8.0]


def test_the_right_camera_sees_it_by_the_disparity_further_left(make_small_world):
    views = camera_views(join([make_small_world()]), [(0, 1, True)])
    assert values(project(views, POINT)) == [36.0, 24.0, 8.0]


def test_directions_do_not_depend_on_where_the_camera_is(make_small_world):
    joined = join([make_small_world(drive=(3, 0, 7))])
    views = camera_views(joined, [(0, 0, False), (0, 2, True)])
    direction = torch.tensor([[0.5, 0.5], [-0.25, -0.25], [1, 1], [0, 0]]).double()
    assert project(views, direction)[0].tolist() == [64.0, 64.0]


def test_rays_lead_back_to_their_pixels(make_small_world):
    joined = join([make_small_world(drive=(0.3, 0.1, 1), yaw=0.2)])
    views = camera_views(joined, [(0, 0, False), (0, 2, True)])
    place = of_pixels(views, views.origin[:, :, 2].T)
    points = place + 7 * on_pixels(views, views.direction)
    x, y, depth = project(views, torch.cat([points, torch.ones(1, points.shape[1])]))
    columns, rows = torch.arange(64).double(), torch.arange(32).double()
    torch.testing.assert_close(x.reshape(2, 32, 64), columns.expand(2, 32, 64))
    torch.testing.assert_close(y.reshape(2, 32, 64), rows[:, None].expand(2, 32, 64))
    torch.testing.assert_close(depth, torch.full_like(depth, 7))


def test_a_band_has_the_rays_of_its_rows(make_small_world):
    views = camera_views(join([make_small_world(yaw=0.1)]), [(0, 0, False), (0, 2, False)])
    every = on_pixels(views, views.direction).reshape(3, 2, 32, 64)
    band = views.band(5, 9)
    torch.testing.assert_close(
        on_pixels(band, band.direction).reshape(3, 2, 4, 64), every[:, :, 5:9]
    )
    twice = POINT.expand(4, 2)
    torch.testing.assert_close(project(band, twice)[1], project(views, twice)[1] - 5)


def test_bands_cover_every_row_once(make_small_world):
    views = camera_views(join([make_small_world()]), [(0, 0, False)] * 100)
    found = [row for top, bottom in bands(views) for row in range(top, bottom)]
    assert found == list(range(32))


def test_finer_views_keep_the_borders_of_the_image(make_small_world):
    joined = join([make_small_world()])
    coarse, fine = (camera_views(joined, [(0, 1, False)], samples=n) for n in (1, 3))
    assert (fine.height, fine.width) == (96, 192)
    at = [
        views.direction[0] @ torch.tensor(corner).double()
        for views, corner in ((coarse, [-0.5, -0.5, 1]), (fine, [-0.5, -0.5, 1]))
    ]
    torch.testing.assert_close(*at)
    torch.testing.assert_close(
        coarse.direction[0] @ torch.tensor([7.0, 3, 1]).double(),
        fine.direction[0] @ torch.tensor([22.0, 10, 1]).double(),
    )
