from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from offline.macs import count_conv_macs
from scene_perception.geometry.disparity import normalize_inverse_depth
from scene_perception.models.dsnet import DSNet, Labeller, labels_from_logits
from scene_perception.models.layers import resize_bilinear
from scene_perception.models.omeganet import OmegaNet


def test_equal_logits_take_the_first_class() -> None:
    logits = torch.tensor([0.0, 2.0, 2.0, 1.0]).view(1, 4, 1, 1)
    labels = labels_from_logits(logits, 1, 1)
    assert labels.dtype == torch.uint8
    assert labels.tolist() == [[[1]]]


@pytest.mark.parametrize(("height", "width"), [(48, 160), (75, 249)])
def test_labels_equal_the_published_ones(
    unit: Callable[[str], Tensor], height: int, width: int
) -> None:
    labels = labels_from_logits(unit("semantic_in_logits"), height, width)
    assert torch.equal(labels[0], unit(f"semantic_out_{height}x{width}")[0, 0])


def test_normalised_inverse_depth_equals_the_published_one(unit: Callable[[str], Tensor]) -> None:
    inverse_depth = resize_bilinear(normalize_inverse_depth(unit("disp_in_raw")), 48, 160)
    torch.testing.assert_close(inverse_depth, unit("disp_out_48x160"), atol=2e-5, rtol=0)


def test_inverse_depth_accumulates_over_the_scales(omeganet: OmegaNet) -> None:
    dsnet = omeganet.dsnet
    scales = dsnet.decode(dsnet.encode(torch.rand(1, 3, 64, 96))).inverse_depths
    assert [tuple(scale.shape[2:]) for scale in scales] == [
        (32, 48), (16, 24), (8, 12), (4, 6), (2, 3),
    ]  # fmt: skip
    for n, scale in zip((5, 4, 3, 2, 1), scales, strict=True):
        assert 0.01 * n < scale.min() < scale.max() < 10.01 * n


def test_labels_alone_are_dsnets_for_less_arithmetic(omeganet: OmegaNet) -> None:
    image, dsnet = torch.rand(1, 3, 64, 96), omeganet.dsnet
    assert torch.equal(Labeller(dsnet)(image).labels, dsnet(image).labels)
    assert count_conv_macs(Labeller(dsnet), image) < 0.8 * count_conv_macs(dsnet, image)


def test_a_batch_equals_its_images_one_by_one(omeganet: OmegaNet) -> None:
    images = torch.rand(2, 3, 64, 96)
    both = omeganet.dsnet(images)
    single = omeganet.dsnet(images[1:])
    torch.testing.assert_close(both.inverse_depth[1:], single.inverse_depth)
    assert (both.labels[1:] == single.labels).float().mean() > 0.999


@pytest.mark.parametrize("shape", [(1, 3, 192, 650), (1, 3, 32, 640)])
def test_an_image_of_another_size_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"multiples of 32 px and at least 64 px, got"):
        DSNet()(torch.zeros(shape))
