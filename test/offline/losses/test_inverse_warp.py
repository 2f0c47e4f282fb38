import pytest
import torch

from offline.losses.inverse_warp import (
    back_project,
    depth_to_flow,
    inverse_warp,
    inverse_warp_with_depth,
)
from scene_perception.geometry.se3 import pose_matrix

HEIGHT, WIDTH = 4, 6
INTRINSICS = torch.tensor([[[2.0, 0, 2.5], [0, 2.0, 1.5], [0, 0, 1]]])
RAMP = torch.arange(float(WIDTH)).expand(1, 1, HEIGHT, WIDTH).contiguous()
DEPTH = torch.full((1, 1, HEIGHT, WIDTH), 2.0)


def translation(x=0.0, y=0.0, z=0.0):
    return pose_matrix(torch.tensor([[x, y, z, 0.0, 0.0, 0.0]]))


def test_points_lie_on_the_rays_of_pixel_centres():
    points = back_project(DEPTH, INTRINSICS)
    # Column 5 is 2.5 px from the centre, row 0 is -1.5; depth / focal length is 1.
    assert points[0, :, 0, 5].tolist() == [2.5, -1.5, 2.0]


def test_no_motion_returns_the_image():
    warped, valid = inverse_warp(RAMP, DEPTH, translation(), INTRINSICS)
    torch.testing.assert_close(warped, RAMP)
    assert valid.shape == (1, 1, HEIGHT, WIDTH)
    assert valid.dtype == torch.bool


def test_translation_by_one_pixel_reads_the_right_neighbour():
    # fx * tx / z = 2 * 1 / 2
    warped, valid = inverse_warp(RAMP, DEPTH, translation(x=1.0), INTRINSICS)
    torch.testing.assert_close(warped[0, 0, 1], torch.tensor([1.0, 2, 3, 4, 5, 0]))
    assert valid[0, 0, 1].tolist() == [True] * 5 + [False]


def test_border_padding_repeats_the_border():
    warped, _ = inverse_warp(RAMP, DEPTH, translation(x=1.0), INTRINSICS, "border")
    torch.testing.assert_close(warped[0, 0, 1], torch.tensor([1.0, 2, 3, 4, 5, 5]))


def test_half_a_pixel_outside_blends_only_without_depth():
    blended, _ = inverse_warp(RAMP, DEPTH, translation(x=0.5), INTRINSICS)
    apart = inverse_warp_with_depth(RAMP, DEPTH, DEPTH, translation(x=0.5), INTRINSICS)
    assert blended[0, 0, 1, 5].item() == pytest.approx(2.5)
    assert apart.image[0, 0, 1, 5].item() == 0


def test_depths_are_those_along_the_sources_axis():
    warp = inverse_warp_with_depth(RAMP, 3 * DEPTH, DEPTH, translation(z=0.5), INTRINSICS)
    torch.testing.assert_close(warp.computed_depth, torch.full_like(DEPTH, 2.5))
    torch.testing.assert_close(warp.projected_depth, torch.full_like(DEPTH, 6.0))


def test_points_behind_the_camera_are_put_just_before_it():
    warp = inverse_warp_with_depth(RAMP, DEPTH, DEPTH, translation(z=-3.0), INTRINSICS)
    assert warp.computed_depth.unique().tolist() == pytest.approx([1e-3])
    assert warp.projected_depth.min().item() == pytest.approx(1e-3)
    assert not warp.valid.any()


def test_flow_of_a_sideways_motion_is_the_disparity():
    flow, valid = depth_to_flow(DEPTH, translation(x=1.0), INTRINSICS)
    expected = torch.tensor([1.0, 0.0]).view(1, 2, 1, 1).expand(1, 2, HEIGHT, WIDTH)
    torch.testing.assert_close(flow, expected, atol=1e-6, rtol=0)
    assert valid[..., -1].sum() == 0


def test_gradients_agree_with_finite_differences():
    generator = torch.Generator().manual_seed(3)
    image = torch.rand(1, 2, HEIGHT, WIDTH, generator=generator, dtype=torch.float64)
    depth = 2 + torch.rand(1, 1, HEIGHT, WIDTH, generator=generator, dtype=torch.float64)
    pose = torch.tensor([[0.11, -0.07, 0.13, 0.02, -0.03, 0.01]], dtype=torch.float64)
    tensors = [tensor.requires_grad_() for tensor in (image, depth, pose)]

    def warp(image, depth, pose):
        result = inverse_warp_with_depth(
            image, depth + 0.1, depth, pose_matrix(pose), INTRINSICS.double()
        )
        return result.image, result.projected_depth, result.computed_depth

    assert torch.autograd.gradcheck(warp, tensors)


def test_depth_without_its_channel_is_refused():
    with pytest.raises(ValueError, match=r"depth must be \(B, 1, H, W\), got \(1, 4, 6\)"):
        inverse_warp(RAMP, DEPTH[:, 0], translation(), INTRINSICS)


def test_image_of_another_size_is_refused():
    with pytest.raises(ValueError, match=r"B, H, W = \(1, 4, 6\) of the depth, got \(1, 1, 4, 5\)"):
        inverse_warp(RAMP[..., 1:], DEPTH, translation(), INTRINSICS)


def test_transforms_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"source_from_target must be \(1, 4, 4\)"):
        inverse_warp(RAMP, DEPTH, translation()[:, :3], INTRINSICS)


def test_intrinsics_of_another_batch_are_refused():
    with pytest.raises(ValueError, match=r"intrinsics must be \(1, 3, 3\)"):
        inverse_warp(RAMP, DEPTH, translation(), INTRINSICS.expand(2, 3, 3))
