import math

import pytest
import torch

from offline.losses.cross_task import semantic_edge_loss


def test_an_edge_without_a_jump_counts_in_full_and_one_with_a_jump_less():
    labels = torch.tensor([[[0, 0, 13], [0, 0, 13]]])
    flat = torch.ones(1, 1, 2, 3)
    jump = torch.tensor([[0.75, 0.75, 1.5]]).expand(1, 1, 2, 3)  # mean 1
    assert semantic_edge_loss(flat, labels).item() == pytest.approx(0.5)
    expected = 0.5 * math.exp(-2 * 0.75)
    assert semantic_edge_loss(7 * jump, labels, decay=2).item() == pytest.approx(expected)


def test_edges_along_both_axes_are_means_over_their_neighbours():
    labels = torch.tensor([[[0, 0, 0], [1, 1, 2]]])
    assert semantic_edge_loss(torch.ones(1, 1, 2, 3), labels).item() == pytest.approx(1 / 4 + 1)


def test_what_has_no_label_has_no_edge():
    labels = torch.tensor([[[0, 255, 1], [0, 255, 1]]], dtype=torch.uint8)
    assert semantic_edge_loss(torch.ones(1, 1, 2, 3), labels).item() == 0


def test_the_gradient_makes_jumps_larger():
    inverse_depth = torch.tensor([[1.0, 1.1], [1.0, 1.1]])[None, None].requires_grad_()
    semantic_edge_loss(inverse_depth, torch.tensor([[[0, 1], [0, 1]]])).backward()
    assert (inverse_depth.grad[..., 0] > 0).all()
    assert (inverse_depth.grad[..., 1] < 0).all()


def test_labels_of_another_size_are_refused():
    with pytest.raises(ValueError, match=r"labels must be \(B, H, W\)"):
        semantic_edge_loss(torch.ones(1, 1, 2, 3), torch.zeros(1, 2, 2, dtype=torch.uint8))
