import math

import pytest
import torch

from offline.losses.smoothness import divide_by_mean, edge_aware_changes, edge_aware_smoothness


def test_changes_count_less_where_the_colours_change():
    values = torch.tensor([[0.0, 2, 2], [0, 2, 5]]).view(1, 1, 2, 3)
    image = torch.zeros(1, 2, 2, 3)
    image[:, 0, :, 1:] = 1  # the edge of one of two colours: on average 0.5
    along_x, along_y = edge_aware_changes(values, image)
    edge = 2 * math.exp(-0.5)
    torch.testing.assert_close(along_x[0, 0], torch.tensor([[edge, 0], [edge, 3]]))
    torch.testing.assert_close(along_y[0, 0], torch.tensor([[0.0, 0, 3]]))
    smoothness = edge_aware_smoothness(values, image)
    torch.testing.assert_close(smoothness, torch.tensor((2 * edge + 3) / 4 + 1))


def test_a_flat_map_is_smooth_whatever_the_image():
    image = torch.rand(2, 3, 4, 5, generator=torch.Generator().manual_seed(0))
    assert edge_aware_smoothness(torch.ones(2, 1, 4, 5), image) == 0


def test_each_image_is_divided_by_its_own_mean():
    values = torch.tensor([[1.0, 3], [20, 60]]).view(2, 1, 1, 2)
    expected = torch.tensor([[0.5, 1.5], [0.5, 1.5]]).view(2, 1, 1, 2)
    torch.testing.assert_close(divide_by_mean(values), expected)
    assert torch.equal(divide_by_mean(torch.zeros(1, 1, 2, 2)), torch.zeros(1, 1, 2, 2))


def test_the_gradient_is_that_of_finite_differences():
    generator = torch.Generator().manual_seed(1)
    values = torch.rand(2, 1, 3, 4, dtype=torch.float64, generator=generator) + 0.1
    image = torch.rand(2, 3, 3, 4, dtype=torch.float64, generator=generator)

    def smoothness(values: torch.Tensor) -> torch.Tensor:
        return edge_aware_smoothness(divide_by_mean(values), image)

    assert torch.autograd.gradcheck(smoothness, values.requires_grad_())


def test_an_image_of_another_size_is_refused():
    with pytest.raises(ValueError, match=r"one size of at least 2x2 px, got \(4, 4\) and \(4, 5\)"):
        edge_aware_smoothness(torch.zeros(1, 1, 4, 4), torch.zeros(1, 3, 4, 5))
