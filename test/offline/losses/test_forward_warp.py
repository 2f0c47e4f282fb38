import pytest
import torch

from offline.losses.forward_warp import forward_warp, remove_ego_motion
from scene_perception.geometry.se3 import pose_matrix

HEIGHT, WIDTH = 5, 9
INTRINSICS = torch.tensor([[[4.0, 0, 4.0], [0, 4.0, 2.0], [0, 0, 1]]])


def translation(x=0.0, y=0.0, z=0.0):
    return pose_matrix(torch.tensor([[x, y, z, 0.0, 0.0, 0.0]]))


def plane(depth=2.0):
    return torch.full((1, 1, HEIGHT, WIDTH), depth)


def columns():
    return torch.arange(float(WIDTH)).expand(1, 1, HEIGHT, WIDTH).contiguous()


def test_plane_moves_by_whole_pixels():
    # fx * tx / z = 4 * 1.02 / 2 = 2.04 px, truncated to 2; column 2 would be read at -0.04.
    warp = forward_warp(columns(), plane(), translation(x=1.02), INTRINSICS, enlargement=1)
    assert warp.valid[0, 0, 1].tolist() == [*[False] * 3, *[True] * 6]
    torch.testing.assert_close(warp.image[0, 0, 1, 3:], torch.arange(1.0, 7) - 0.04)
    assert warp.image[0, 0, 1, :3].tolist() == [0, 0, 0]


def test_truncation_toward_zero_keeps_points_up_to_a_pixel_before_the_image():
    warp = forward_warp(columns(), plane(), translation(x=-0.25), INTRINSICS, enlargement=1)
    # Column 0 comes to lie at -0.5; the image is read at 0 + 0.5.
    assert warp.depth[0, 0, 1, 0].item() == pytest.approx(2.0)
    assert warp.image[0, 0, 1, 0].item() == pytest.approx(0.5)


def test_nearest_point_wins():
    depth = plane(4.0)
    depth[..., 4] = 1.0  # moves by 4.1 px, the others by 1.025
    warp = forward_warp(columns(), depth, translation(x=1.025), INTRINSICS, enlargement=1)
    assert warp.depth[0, 0, 1].tolist() == pytest.approx([0, 0, 4, 4, 4, 0, 4, 4, 1])


def test_enlargement_closes_the_gaps_of_an_approaching_plane():
    closer = translation(z=-0.7)
    gaps = forward_warp(columns(), plane(), closer, INTRINSICS, enlargement=1)
    closed = forward_warp(columns(), plane(), closer, INTRINSICS)
    assert not gaps.valid[..., 1:-1, 1:-1].all()
    assert closed.valid[..., 1:-1, 1:-1].all()
    assert closed.depth[closed.valid].tolist() == pytest.approx([1.3] * int(closed.valid.sum()))


def test_points_that_leave_the_image_are_lost():
    warp = forward_warp(columns(), plane(), translation(x=50.0), INTRINSICS)
    assert not warp.valid.any()
    assert warp.image.abs().sum() == 0


def test_gradient_reaches_image_and_depth_without_nan():
    image, depth = columns().requires_grad_(), plane().requires_grad_()
    warp = forward_warp(image, depth, translation(x=1.02), INTRINSICS)
    (warp.image.sum() + warp.depth.sum()).backward()
    assert image.grad.abs().sum() > 0
    assert depth.grad.isfinite().all()


def test_ego_warp_rounds_masks_keeps_counts_and_stops_the_gradient():
    instances = torch.zeros(1, 3, HEIGHT, WIDTH, dtype=torch.uint8)
    instances[:, 0] = 1
    instances[:, 1, 1:4, 2:5] = 1
    depth, motion = plane().requires_grad_(), translation(x=1.1).requires_grad_()
    image = columns().expand(1, 3, HEIGHT, WIDTH)
    warp = remove_ego_motion(image, instances, depth, motion, INTRINSICS)
    assert warp.instances[:, 0].unique().tolist() == [1]
    assert warp.instances[0, 1, 2].tolist() == [0, 0, 0, 0, 1, 1, 1, 0, 0]
    assert not warp.image.requires_grad
    assert warp.image.shape == (1, 3, HEIGHT, WIDTH)


def test_enlargement_below_one_is_refused():
    with pytest.raises(ValueError, match="enlargement must be at least 1, got 0"):
        forward_warp(columns(), plane(), translation(), INTRINSICS, enlargement=0)
