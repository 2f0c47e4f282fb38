from dataclasses import replace

import pytest
import torch

from offline.losses.insta_dm import (
    InstaDMSettings,
    InstaDMWeights,
    depth_smoothness,
    insta_dm_losses,
    pair_scale_loss,
)
from offline.losses.reference import Reference

HEIGHT, WIDTH = 8, 12
INTRINSICS = torch.tensor([[[8.0, 0, 5.5], [0, 8.0, 3.5], [0, 0, 1]]], dtype=torch.float64)
PUBLISHED = InstaDMSettings()
PRIOR = torch.tensor(0.02, dtype=torch.float64)
IMAGE = torch.sin(torch.arange(3 * HEIGHT * WIDTH, dtype=torch.float64)).view(1, 3, HEIGHT, WIDTH)
DEPTH = 3 + torch.cos(torch.arange(HEIGHT * WIDTH, dtype=torch.float64)).view(1, 1, HEIGHT, WIDTH)


def reference(seed=0, *, box=True):
    generator = torch.Generator().manual_seed(seed)

    def noise(*shape, scale=1.0):
        return scale * torch.randn(*shape, generator=generator, dtype=torch.float64)

    instances = torch.zeros(1, 2, HEIGHT, WIDTH)
    if box:
        instances[:, 0] = 1
        instances[:, 1, 2:6, 4:9] = 1
    ego, objects = noise(1, 6, scale=0.02), noise(1, 1, 3, scale=0.02)
    everywhere = torch.ones(1, 1, HEIGHT, WIDTH, dtype=torch.bool)
    return Reference(
        image=(IMAGE.roll(1, 3) + noise(1, 3, HEIGHT, WIDTH, scale=0.1)).clamp(-1, 1),
        depth=DEPTH + noise(1, 1, HEIGHT, WIDTH, scale=0.05),
        ego_forward=ego,
        ego_backward=-1.1 * ego,
        objects_forward=objects,
        objects_backward=-0.9 * objects,
        target_instances=instances,
        instances=instances,
        seen_in_target=everywhere,
        seen_in_reference=everywhere,
    )


def losses(*references, settings=PUBLISHED, image=IMAGE, depth=DEPTH, prior=PRIOR):
    return insta_dm_losses(image, depth, references, INTRINSICS, prior, settings)


def test_total_is_the_published_weighted_sum():
    result = losses(reference(0), reference(1))
    expected = (
        2 * result.photo
        + result.geometry
        + 0.1 * result.smooth
        + 0.02 * result.scale
        + 0.1 * result.motion
    )
    assert result.total.item() == pytest.approx(expected.item())
    assert all(term.ndim == 0 and term > 0 for term in result[:8])


def test_references_add_up_but_their_motion_terms_are_averaged():
    one, other = losses(reference(0)), losses(reference(1))
    both = losses(reference(0), reference(1))
    for name in ("photo", "geometry", "scale"):
        expected = getattr(one, name) + getattr(other, name)
        assert getattr(both, name).item() == pytest.approx(expected.item())
    assert both.motion.item() == pytest.approx((one.motion + other.motion).item() / 2)


def test_height_and_mean_inverse_depth_are_terms_of_no_weight():
    result = losses(reference())
    assert result.height.item() == pytest.approx(0.02)
    expected = ((1 / DEPTH).mean() + (1 / reference().depth).mean()) / 2
    assert result.depth_mean.item() == pytest.approx(expected.item())
    weights = replace(InstaDMWeights(), height=1.0, depth_mean=2.0)
    weighted = losses(reference(), settings=InstaDMSettings(weights=weights))
    difference = weighted.total - result.total
    assert difference.item() == pytest.approx(0.02 + 2 * expected.item())


def test_smoothness_divides_by_pixels_not_by_neighbours():
    depth = torch.ones(1, 1, 2, 4)
    depth[..., 2:] = 3.0
    # The mean is 2, so two rows step by 1, over 8 pixels.
    assert depth_smoothness(depth, torch.zeros(1, 3, 2, 4)).item() == pytest.approx(0.25)


def test_scale_is_zero_where_no_instance_is_counted():
    pair = reference(box=False)
    for published_nan in (False, True):
        settings = InstaDMSettings(published_nan=published_nan)
        assert pair_scale_loss(PRIOR, DEPTH, pair, INTRINSICS, settings).item() == 0


def test_counted_instances_without_height_are_zero_or_the_published_nan():
    pair = reference(box=False)
    pair.target_instances[:, 0] = pair.instances[:, 0] = 1
    assert losses(pair).scale.item() == 0
    published = losses(pair, settings=InstaDMSettings(published_nan=True))
    assert published.scale.isnan()
    assert published.total.isnan()


def changed(depth, other_depth, ego, objects, prior, settings=PUBLISHED):
    first = replace(reference(0), depth=other_depth, ego_forward=ego, objects_backward=objects)
    return losses(first, reference(1), depth=depth, prior=prior, settings=settings).total


def learned():
    own = reference(0)
    tensors = DEPTH, own.depth, own.ego_forward, own.objects_backward, PRIOR
    return [tensor.clone().requires_grad_() for tensor in tensors]


def test_gradients_agree_with_finite_differences():
    # The terms of scale and motion stop some gradients, as published.
    weights = replace(InstaDMWeights(), scale=0.0, motion=0.0)
    settings = InstaDMSettings(weights=weights)
    assert torch.autograd.gradcheck(
        lambda *tensors: changed(*tensors, settings), learned(), fast_mode=True
    )


def test_everything_learned_gets_a_gradient():
    tensors = learned()
    changed(*tensors).backward()
    assert all(tensor.grad.isfinite().all() and tensor.grad.any() for tensor in tensors)


def test_no_reference_is_refused():
    with pytest.raises(ValueError, match="references must be at least one, got none"):
        losses()


def test_negative_weight_is_refused():
    with pytest.raises(ValueError, match=r"weight photo must be .* at least 0, got -1"):
        InstaDMWeights(photo=-1.0)
