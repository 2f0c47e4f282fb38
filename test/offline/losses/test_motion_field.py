import pytest
import torch

from offline.losses.inverse_warp import inverse_warp_with_depth
from offline.losses.motion_field import field_rotation, motion_field, warp_by_motion_field
from scene_perception.geometry.se3 import pose_matrix

HEIGHT, WIDTH = 4, 6
INTRINSICS = torch.tensor([[[2.0, 0, 2.5], [0, 2.0, 1.5], [0, 0, 1]]])
DEPTH = torch.full((1, 1, HEIGHT, WIDTH), 2.0)
RAMP = torch.arange(float(WIDTH)).expand(1, 1, HEIGHT, WIDTH).contiguous()
EGO = torch.tensor([[0.1, 0.2, 0.3, 0.01, 0.02, 0.03]])


def masks():
    masks = torch.zeros(1, 2, HEIGHT, WIDTH)
    masks[0, 0, :, 0] = 1
    masks[0, 1, :, :2] = 1
    return masks


def test_objects_add_their_translation_within_their_masks():
    translations = torch.tensor([[[1.0, 0, 0], [0, 10.0, 0]]])
    field = motion_field(EGO, translations, masks())
    torch.testing.assert_close(field[0, :3, 0, 0], torch.tensor([1.1, 10.2, 0.3]))
    torch.testing.assert_close(field[0, :3, 0, 1], torch.tensor([0.1, 10.2, 0.3]))
    torch.testing.assert_close(field[0, :, 0, 2], EGO[0])


def test_rotation_is_that_of_the_mean_angles():
    field = EGO[:, :, None, None].repeat(1, 1, HEIGHT, WIDTH)
    field[:, 3:, :, ::2] += 0.1
    field[:, 3:, :, 1::2] -= 0.1
    torch.testing.assert_close(field_rotation(field), pose_matrix(EGO)[:, :3, :3])


def test_uniform_field_moves_points_as_one_transform():
    field = EGO[:, :, None, None].repeat(1, 1, HEIGHT, WIDTH)
    warp = warp_by_motion_field(RAMP, DEPTH, DEPTH, field, INTRINSICS)
    rigid = inverse_warp_with_depth(RAMP, DEPTH, DEPTH, pose_matrix(EGO), INTRINSICS)
    torch.testing.assert_close(warp.computed_depth, rigid.computed_depth)
    assert torch.equal(warp.valid, rigid.valid)


def test_sampling_does_not_align_corners():
    field = torch.zeros(1, 6, HEIGHT, WIDTH)
    warp = warp_by_motion_field(RAMP, DEPTH, DEPTH, field, INTRINSICS, "border")
    # Column x reads ((2 x / 5 - 1) + 1) * 3 - 0.5 = 1.2 x - 0.5, clamped to 0..5.
    expected = (torch.arange(6.0) * 1.2 - 0.5).clamp(0, 5)
    torch.testing.assert_close(warp.image[0, 0, 1], expected)
    torch.testing.assert_close(warp.flow, torch.zeros_like(warp.flow), atol=1e-6, rtol=0)


def test_gradients_agree_with_finite_differences():
    generator = torch.Generator().manual_seed(5)
    depth = 2 + torch.rand(1, 1, HEIGHT, WIDTH, generator=generator, dtype=torch.float64)
    field = 0.05 * torch.randn(1, 6, HEIGHT, WIDTH, generator=generator, dtype=torch.float64)

    def warp(depth, field):
        result = warp_by_motion_field(
            RAMP.double().sin(), depth + 0.1, depth, field, INTRINSICS.double()
        )
        return result.image, result.projected_depth, result.computed_depth, result.flow

    assert torch.autograd.gradcheck(warp, (depth.requires_grad_(), field.requires_grad_()))


def test_field_of_another_size_is_refused():
    with pytest.raises(ValueError, match=r"motion field must be \(1, 6, 4, 6\)"):
        warp_by_motion_field(RAMP, DEPTH, DEPTH, torch.zeros(1, 3, HEIGHT, WIDTH), INTRINSICS)


def test_translations_of_another_number_than_masks_are_refused():
    with pytest.raises(ValueError, match=r"must be \(1, 6\) and \(1, 2, 3\)"):
        motion_field(EGO, torch.zeros(1, 1, 3), masks())
