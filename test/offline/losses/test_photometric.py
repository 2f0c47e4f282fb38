import torch

from offline.losses.photometric import photometric_error, photometric_errors, smallest_error
from offline.losses.ssim import dissimilarity


def _random(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(*shape, dtype=torch.float64, generator=generator)


def test_an_image_like_the_target_has_no_error():
    image = _random(2, 3, 4, 5)
    torch.testing.assert_close(photometric_error(image, image), torch.zeros_like(image[:, :1]))


def test_structure_counts_for_85_and_colour_for_15_percent_of_the_mean_over_colours():
    black = torch.zeros(1, 3, 3, 3)
    red = torch.tensor([0.6, 0, 0]).view(1, 3, 1, 1).expand(1, 3, 3, 3)
    structure = (1 - 1e-4 / (0.36 + 1e-4)) / 2 / 3
    expected = torch.full((1, 1, 3, 3), 0.85 * structure + 0.15 * 0.2)
    torch.testing.assert_close(photometric_error(red, black), expected)


def test_errors_of_several_images_keep_their_order():
    first, second, target = (_random(2, 3, 4, 4, seed=n) for n in range(3))
    errors = photometric_errors([first, second], target)
    assert torch.equal(errors[:, :1], photometric_error(first, target))
    assert torch.equal(errors[:, 1:], photometric_error(second, target))


def test_the_smallest_error_wins_and_a_tie_goes_to_the_unwarped_image():
    unwarped = torch.tensor([[3.0, 1, 2], [3, 3, 2]]).view(1, 2, 1, 3)
    warped = torch.tensor([[2.0, 2, 2], [1, 4, 5]]).view(1, 2, 1, 3)
    error, is_warped = smallest_error(unwarped, warped)
    assert error.tolist() == [[[[1, 1, 2]]]]
    assert is_warped.tolist() == [[[[True, False, False]]]]


def test_only_the_image_that_wins_has_a_gradient():
    unwarped = torch.tensor([1.0, 3.0]).view(1, 1, 1, 2)
    warped = torch.full((1, 2, 1, 2), 2.0, requires_grad=True)
    smallest_error(unwarped, warped)[0].sum().backward()
    assert warped.grad is not None
    assert warped.grad.flatten().tolist() == [0, 1, 0, 0]


def test_the_gradient_is_that_of_finite_differences():
    image, target = _random(1, 3, 3, 4), _random(1, 3, 3, 4, seed=1)
    assert dissimilarity(image, target).min() > 0  # not where the clamp bends
    assert torch.autograd.gradcheck(photometric_error, (image.requires_grad_(), target))
