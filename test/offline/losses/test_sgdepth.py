import math

import numpy as np
import pytest
import torch

from offline.golden.stand_ins import golden_image
from offline.losses.photometric import photometric_errors
from offline.losses.sgdepth import DepthLossSettings, depth_loss, disparity_smoothness
from offline.losses.view_synthesis import Synthesis, synthesize

PUBLISHED = DepthLossSettings()
FLAT = torch.full((1, 1, 4, 4), 0.5, dtype=torch.float64)


def _grey(*levels):
    """Return one constant 4x4 image for each level of grey."""
    return tuple(torch.full((1, 3, 4, 4), level, dtype=torch.float64) for level in levels)


def _error(first, second):
    """Return the photometric error of two constant images, worked by hand."""
    similarity = (2 * first * second + 1e-4) / (first**2 + second**2 + 1e-4)
    return 0.85 * (1 - similarity) / 2 + 0.15 * abs(first - second)


def _synthesis(*images):
    return Synthesis(FLAT, (), images)


@pytest.fixture
def greys():
    """A target of 0.5, sources of 0.1 and 0.3, their views of 0.2 and 0.4."""
    (target,) = _grey(0.5)
    return {
        "target": target,
        "sources": _grey(0.1, 0.3),
        "disparities": [FLAT],
        "syntheses": [_synthesis(*_grey(0.2, 0.4))],
    }


def test_each_pixel_counts_with_the_best_of_all_views_and_sources(greys):
    loss = depth_loss(**greys, settings=PUBLISHED)
    assert loss.total.item() == pytest.approx(_error(0.4, 0.5), rel=1e-5)


def test_pixels_that_a_source_explains_best_are_masked(greys):
    greys["sources"] = _grey(0.1, 0.5)
    assert depth_loss(**greys, settings=PUBLISHED).total.item() == pytest.approx(0, abs=1e-6)


def test_without_the_auto_mask_the_mean_runs_over_all_views(greys):
    loss = depth_loss(**greys, settings=DepthLossSettings(auto_mask=False))
    expected = (_error(0.2, 0.5) + _error(0.4, 0.5)) / 2
    assert loss.total.item() == pytest.approx(expected, rel=1e-5)


def test_the_average_is_taken_before_the_minimum(greys):
    greys["sources"] = _grey(0.1, 0.5)  # on average worse than the views
    loss = depth_loss(**greys, settings=DepthLossSettings(average_reprojection=True))
    expected = (_error(0.2, 0.5) + _error(0.4, 0.5)) / 2
    assert loss.total.item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("auto_mask", [True, False])
def test_moving_pixels_count_as_zero_in_the_mean_over_all(greys, auto_mask):
    settings = DepthLossSettings(auto_mask=auto_mask)
    keep = torch.ones(1, 4, 4, dtype=torch.bool)
    keep[:, :, 0] = False
    whole = depth_loss(**greys, settings=settings).total
    torch.testing.assert_close(
        depth_loss(**greys, settings=settings, keep=keep).total, 0.75 * whole
    )


def test_each_image_of_a_batch_has_its_own_moving_pixels(greys):
    pair = {
        "target": torch.cat([greys["target"], greys["target"]]),
        "sources": tuple(source.repeat(2, 1, 1, 1) for source in greys["sources"]),
        "disparities": [FLAT.repeat(2, 1, 1, 1)],
        "syntheses": [_synthesis(*(i.repeat(2, 1, 1, 1) for i in greys["syntheses"][0].images))],
    }
    keep = torch.tensor([True, False]).view(2, 1, 1).expand(2, 4, 4)
    for auto_mask in (True, False):
        settings = DepthLossSettings(auto_mask=auto_mask)
        alone = depth_loss(**greys, settings=settings).total
        both = depth_loss(**pair, settings=settings, keep=keep).total
        torch.testing.assert_close(both, alone / 2)


def test_smoothness_halves_from_scale_to_scale_and_scales_are_averaged(greys):
    ramp = torch.tensor([1.0, 2, 3, 4], dtype=torch.float64).expand(1, 1, 4, 4) / 10
    coarse = torch.tensor([1.0, 3], dtype=torch.float64).expand(1, 1, 2, 2) / 10
    greys["disparities"] = [ramp, coarse]
    greys["syntheses"] = 2 * greys["syntheses"]
    loss = depth_loss(**greys, settings=DepthLossSettings(smoothness_weight=1.0))
    torch.testing.assert_close(
        loss.smoothness, torch.tensor([0.4, 0.5]).double(), atol=1e-6, rtol=0
    )
    torch.testing.assert_close(loss.total, loss.photometric.mean() + 0.45, atol=1e-6, rtol=0)
    without = depth_loss(**greys, settings=DepthLossSettings(smoothness_weight=0.0))
    torch.testing.assert_close(without.total, loss.photometric.mean())


def test_smoothness_sees_the_image_shrunk_to_the_disparity_s_size():
    target = torch.tensor([0.0, 0, 1, 1]).expand(1, 3, 4, 4)
    coarse = torch.tensor([1.0, 3]).expand(1, 1, 2, 2)
    smoothness = disparity_smoothness(coarse, target)
    assert smoothness.item() == pytest.approx(math.exp(-1), rel=1e-5)


def test_gradients_of_the_whole_loss_are_those_of_finite_differences():
    generator = torch.Generator().manual_seed(3)
    target, *sources = torch.rand(3, 1, 3, 4, 6, dtype=torch.float64, generator=generator)
    motion = torch.eye(4, dtype=torch.float64)[None].repeat(2, 1, 1, 1)
    motion[0, 0, :3, 3] = torch.tensor([0.2, 0.1, 0.3])
    motion[1, 0, :3, 3] = torch.tensor([-0.2, 0.1, -0.3])
    intrinsics = torch.tensor([[[4.0, 0, 2.5], [0, 4, 1.5], [0, 0, 1]]], dtype=torch.float64)

    def loss(fine: torch.Tensor, coarse: torch.Tensor, motion: torch.Tensor) -> torch.Tensor:
        disparities = [fine, coarse]
        syntheses = [synthesize(sources, d, list(motion), intrinsics) for d in disparities]
        settings = DepthLossSettings(smoothness_weight=0.1)
        return depth_loss(target, sources, disparities, syntheses, settings).total

    fine = 0.05 + 0.05 * torch.rand(1, 1, 4, 6, dtype=torch.float64, generator=generator)
    coarse = 0.05 + 0.05 * torch.rand(1, 1, 2, 3, dtype=torch.float64, generator=generator)
    leaves = [tensor.requires_grad_() for tensor in (fine, coarse, motion)]
    assert torch.autograd.gradcheck(loss, leaves)


def test_the_published_step_s_loss_and_gradients_are_ours(shared):
    """The gradient of a head's bias is that of its sigmoid's input, summed over the pixels."""
    path = shared / "golden/sgdepth/train_step.npz"
    if not path.is_file():
        pytest.skip("needs the golden training step of SGDepth")
    with np.load(path) as step:
        published = dict(step)
    images = [
        np.stack([golden_image(n, 64, 192), golden_image(n + 3, 64, 192)]) for n in range(10, 13)
    ]
    previous, target, following = (torch.from_numpy(i).permute(0, 3, 1, 2) / 255 for i in images)
    disparities = [torch.from_numpy(published[f"disp_{n}"]).requires_grad_() for n in range(4)]
    motion = [torch.from_numpy(published[f"cam_T_cam_{name}"]) for name in ("prev", "next")]
    intrinsics = torch.from_numpy(published["K"])[:3, :3].expand(2, 3, 3)
    sources = [previous, following]
    syntheses = [synthesize(sources, d, motion, intrinsics) for d in disparities]
    loss = depth_loss(target, sources, disparities, syntheses, PUBLISHED).total
    assert loss.item() == pytest.approx(published["loss_depth"].item(), rel=1e-5)
    loss.backward()
    norms = dict(zip(published["grad_names"].tolist(), published["grad_norms"], strict=True))
    for scale, disparity in enumerate(disparities):
        slope = disparity.detach() * (1 - disparity.detach())
        gradient = (disparity.grad * slope).sum().abs().item()
        norm = norms[f"depth.multires.convs.{scale}.bias"]
        assert gradient == pytest.approx(norm, rel=8e-3)  # twice the float32 noise


def test_errors_of_the_sources_are_those_of_the_images_as_they_are(greys):
    errors = photometric_errors(greys["sources"], greys["target"])
    assert errors.shape == (1, 2, 4, 4)
    assert errors[0, :, 0, 0].tolist() == pytest.approx([_error(0.1, 0.5), _error(0.3, 0.5)])


def test_disparities_without_a_synthesis_each_are_refused(greys):
    greys["disparities"] = [FLAT, FLAT]
    with pytest.raises(ValueError, match="got 2 disparities and 1 syntheses"):
        depth_loss(**greys, settings=PUBLISHED)


@pytest.mark.parametrize("weight", [-1e-3, math.nan, math.inf])
def test_a_smoothness_weight_that_is_no_weight_is_refused(weight):
    with pytest.raises(ValueError, match="smoothness_weight must be finite and >= 0"):
        DepthLossSettings(smoothness_weight=weight)
