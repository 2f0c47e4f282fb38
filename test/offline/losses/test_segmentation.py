import math

import numpy as np
import pytest
import torch

from offline.losses.segmentation import CLASS_WEIGHTS, segmentation_loss


def test_pixels_count_by_the_weight_of_their_class():
    logits = torch.zeros(1, 20, 1, 2)
    logits[0, 0, 0, 0] = math.log(19)  # half of the probability is the road's
    labels = torch.tensor([[[0, 1]]], dtype=torch.uint8)
    road, sidewalk = CLASS_WEIGHTS[:2]
    expected = (road * math.log(2) + sidewalk * math.log(20)) / (road + sidewalk)
    assert segmentation_loss(logits, labels).item() == pytest.approx(expected, rel=1e-6)


def test_unknown_and_void_pixels_do_not_count():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(1, 20, 1, 4, generator=generator)
    labels = torch.tensor([[[255, 3, 19, 8]]])
    expected = segmentation_loss(logits[..., [1, 3]], labels[..., [1, 3]])
    torch.testing.assert_close(segmentation_loss(logits, labels), expected)


@pytest.mark.parametrize("label", [255, 19])
def test_without_any_label_the_loss_and_its_gradient_are_zero(label):
    logits = torch.randn(1, 20, 2, 2, requires_grad=True)
    loss = segmentation_loss(logits, torch.full((1, 2, 2), label))
    loss.backward()
    assert loss.item() == 0
    assert not logits.grad.any()


def test_half_precision_is_summed_in_single():
    logits = torch.zeros(1, 20, 128, 128, dtype=torch.float16)
    labels = torch.full((1, 128, 128), 18, dtype=torch.uint8)
    assert segmentation_loss(logits, labels).item() == pytest.approx(math.log(20), rel=1e-5)


def test_the_gradient_is_that_of_finite_differences():
    generator = torch.Generator().manual_seed(1)
    logits = torch.randn(1, 20, 2, 2, dtype=torch.float64, generator=generator)
    labels = torch.tensor([[[0, 255], [19, 7]]])
    loss = lambda logits: segmentation_loss(logits, labels)  # noqa: E731
    assert torch.autograd.gradcheck(loss, logits.requires_grad_())


def test_the_published_step_s_loss_and_gradient_are_ours(shared):
    path = shared / "golden/sgdepth/train_step.npz"
    if not path.is_file():
        pytest.skip("needs the golden training step of SGDepth")
    with np.load(path) as step:
        logits = torch.from_numpy(step["seg_logits"]).float().requires_grad_()
        loss = segmentation_loss(logits, torch.from_numpy(step["seg_target"]))
        loss.backward()
        assert loss.item() == pytest.approx(step["loss_seg"].item(), rel=1e-5)
        of_bias = logits.grad.sum((0, 2, 3)).numpy()
        published = step["grad:seg.multires.convs.0.bias"]
        np.testing.assert_allclose(of_bias, published, atol=1e-5)


def test_other_classes_or_sizes_are_refused():
    with pytest.raises(ValueError, match=r"\(B, 20, H, W\) .* got \(1, 19, 2, 2\) and \(1, 2, 2\)"):
        segmentation_loss(torch.zeros(1, 19, 2, 2), torch.zeros(1, 2, 2))
    with pytest.raises(ValueError, match=r"got \(1, 20, 2, 2\) and \(1, 1, 2, 2\)"):
        segmentation_loss(torch.zeros(1, 20, 2, 2), torch.zeros(1, 1, 2, 2))
