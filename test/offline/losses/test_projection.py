import pytest
import torch

from offline.losses.projection import (
    ProjectionSettings,
    project,
    relative_difference,
)

HEIGHT, WIDTH = 6, 8
INTRINSICS = torch.tensor([[[5.0, 0, 3.5], [0, 5.0, 2.5], [0, 0, 1]]], dtype=torch.float64)
PLAIN = ProjectionSettings(ssim=False, depth_weight=False, automask=False)
EVERYWHERE = torch.ones(1, 1, HEIGHT, WIDTH, dtype=torch.bool)


def frame(seed, depth=2.0):
    generator = torch.Generator().manual_seed(seed)
    image = torch.rand(1, 3, HEIGHT, WIDTH, generator=generator, dtype=torch.float64) * 2 - 1
    return image, torch.full((1, 1, HEIGHT, WIDTH), depth, dtype=torch.float64)


def no_motion():
    return torch.zeros(1, 6, HEIGHT, WIDTH, dtype=torch.float64)


def compare(target, source, settings, *, field=None, seen=EVERYWHERE, objects=EVERYWHERE):
    field = no_motion() if field is None else field
    return project(target, source, field, INTRINSICS, seen, objects, settings)


def test_constant_images_differ_by_their_difference_clamped():
    (image, depth) = frame(0)
    target, source = torch.full_like(image, 0.9), torch.full_like(image, 0.5)
    inner = torch.zeros_like(EVERYWHERE)
    inner[..., 2:4, 2:6] = True  # unaligned corners blend the border with padding
    result = compare((target, depth), (source, depth), PLAIN, seen=inner)
    assert result.photo.item() == pytest.approx(0.4)
    result = compare((target, depth), (-target, depth), PLAIN, seen=inner)
    assert result.photo.item() == pytest.approx(1.0)


def test_depth_difference_is_relative_to_the_sum_and_weighs_colours():
    (image, depth) = frame(0)
    inner = torch.zeros_like(EVERYWHERE)
    inner[..., 2:4, 2:6] = True
    target, source = (torch.full_like(image, 0.9), depth), (torch.full_like(image, 0.5), 3 * depth)
    settings = ProjectionSettings(ssim=False, automask=False)
    result = compare(target, source, settings, seen=inner)
    assert result.geometry.item() == pytest.approx(0.5)  # |2 - 6| / (2 + 6)
    assert result.photo.item() == pytest.approx(0.4 * 0.5)


def test_automask_drops_pixels_that_warping_does_not_improve():
    target = frame(0)
    result = compare(target, target, ProjectionSettings())
    assert not result.valid.any()
    assert result.photo.item() == result.geometry.item() == 0


def test_only_objects_counts_their_pixels():
    objects = torch.zeros_like(EVERYWHERE)
    objects[..., 2, 2:6] = True
    settings = ProjectionSettings(automask=False, only_objects=True)
    result = compare(frame(0), frame(1), settings, objects=objects)
    assert torch.equal(result.valid, objects)


def test_what_the_ego_warp_does_not_show_does_not_count():
    seen = EVERYWHERE.clone()
    seen[..., :4] = False
    valid = compare(frame(0), frame(1), PLAIN, seen=seen).valid
    assert not valid[..., :4].any()
    assert valid[..., 1:-1, 4:-1].all()


def test_gradients_agree_with_finite_differences():
    (image, depth), (source, source_depth) = frame(0), frame(1, depth=2.3)
    ripple = torch.sin(torch.arange(WIDTH, dtype=torch.float64)) / 10
    field = no_motion()
    field[:, 0], field[:, 2], field[:, 4] = 0.13, -0.09, 0.021

    def losses(depth, source_depth, field):
        result = compare((image, depth), (source, source_depth), ProjectionSettings(), field=field)
        return result.photo, result.geometry

    tensors = depth + ripple, source_depth - ripple, field
    assert losses(*tensors)[0] > 0
    assert torch.autograd.gradcheck(losses, [tensor.requires_grad_() for tensor in tensors])


def test_relative_difference_stays_within_one():
    result = relative_difference(torch.tensor([1.0, 1.0]), torch.tensor([3.0, 0.0]))
    assert result.tolist() == [0.5, 1.0]
