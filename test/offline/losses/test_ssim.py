import pytest
import torch

from offline.losses.ssim import dissimilarity


def test_an_image_agrees_with_itself():
    image = torch.rand(2, 3, 4, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(dissimilarity(image, image), torch.zeros_like(image))


def test_constant_images_differ_by_their_brightness_alone():
    dark, bright = torch.full((2, 1, 1, 3, 3), 0.5).mul(
        torch.tensor([1.0, 2.0]).view(2, 1, 1, 1, 1)
    )
    similarity = (2 * 0.5 * 1 + 1e-4) / (0.25 + 1 + 1e-4)
    torch.testing.assert_close(
        dissimilarity(dark, bright), torch.full_like(dark, (1 - similarity) / 2)
    )


def test_opposite_patterns_are_nearly_as_different_as_can_be():
    pattern = torch.tensor([[0.0, 1, 0], [1, 0, 1], [0, 1, 0]]).view(1, 1, 3, 3)
    assert 0.9 < dissimilarity(pattern, 1 - pattern)[0, 0, 1, 1] <= 1


def test_the_border_is_reflected():
    image = torch.zeros(1, 1, 3, 3)
    image[0, 0, 1, 1] = 1  # at the corner the window sees the centre four times
    mean = 4 / 9
    other = torch.zeros_like(image)
    same = 1e-4 * 9e-4
    total = (mean**2 + 1e-4) * (mean - mean**2 + 9e-4)
    corner = dissimilarity(image, other)[0, 0, 0, 0]
    torch.testing.assert_close(corner, torch.tensor((1 - same / total) / 2))


def test_the_gradient_is_that_of_finite_differences():
    generator = torch.Generator().manual_seed(1)
    images = torch.rand(2, 1, 2, 3, 4, dtype=torch.float64, generator=generator)
    assert torch.autograd.gradcheck(dissimilarity, tuple(images.clone().requires_grad_()))


def test_images_of_different_shapes_are_refused():
    with pytest.raises(
        ValueError, match=r"images must both be .* got \(1, 3, 4, 4\) and \(1, 3, 4, 5"
    ):
        dissimilarity(torch.zeros(1, 3, 4, 4), torch.zeros(1, 3, 4, 5))
