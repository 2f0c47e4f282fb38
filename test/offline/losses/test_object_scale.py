import pytest
import torch

from offline.losses.object_scale import instance_heights, object_scale_loss

HEIGHT, WIDTH = 10, 12
INTRINSICS = torch.tensor([[[90.0, 0, 6], [0, 100.0, 5], [0, 0, 1]]])


def scene():
    """Depth 4, an instance of depth 2 in rows 3 to 7; the second is unused."""
    depth = torch.full((1, 1, HEIGHT, WIDTH), 4.0)
    instances = torch.zeros(1, 3, HEIGHT, WIDTH, dtype=torch.uint8)
    instances[:, 0] = 1
    instances[:, 1, 3:8, 2:5] = 1
    depth[:, 0, 3:8, 2:5] = 2.0
    return depth, instances


def test_height_is_last_row_minus_first():
    _, instances = scene()
    assert instance_heights(instances[:, 1:].float()).tolist() == [[4.0, 0.0]]


def test_loss_compares_depth_with_that_of_the_height():
    depth, instances = scene()
    loss = object_scale_loss(torch.tensor(0.02), depth, instances, INTRINSICS)
    # fy * prior / height = 100 * 0.02 / 4
    assert loss.item() == pytest.approx((2.0 - 0.5) / depth.mean().item())


def test_only_the_instance_and_the_prior_get_a_gradient():
    depth, instances = scene()
    prior = torch.tensor(0.02, requires_grad=True)
    object_scale_loss(prior, depth.requires_grad_(), instances, INTRINSICS).backward()
    assert torch.equal(depth.grad != 0, instances[:, 1:2] == 1)
    assert prior.grad.item() == pytest.approx(-100 / 4 / depth.mean().item())


def test_a_single_row_has_no_height():
    depth, instances = scene()
    instances[:, 1, 4:] = 0
    assert object_scale_loss(torch.tensor(0.02), depth, instances, INTRINSICS).item() == 0
    loss = object_scale_loss(torch.tensor(0.02), depth, instances, INTRINSICS, published_nan=True)
    assert loss.isnan()


def test_nothing_to_measure_gives_no_gradient_but_no_nan():
    depth, instances = scene()
    prior = torch.tensor(0.02, requires_grad=True)
    loss = object_scale_loss(prior, depth.requires_grad_(), 0 * instances, INTRINSICS)
    loss.backward()
    assert prior.grad.item() == 0
    assert depth.grad.abs().sum() == 0


def test_instances_of_another_size_are_refused():
    depth, instances = scene()
    with pytest.raises(ValueError, match=r"B, H, W = \(1, 10, 12\) of the depth, got \(1, 3, 10"):
        object_scale_loss(torch.tensor(0.02), depth, instances[..., 1:], INTRINSICS)
