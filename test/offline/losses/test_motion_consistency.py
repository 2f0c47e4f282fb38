import pytest
import torch

from offline.losses.motion_consistency import motion_consistency_loss
from offline.losses.projection import Projection

SIZE = (4, 6)


def field(*motion):
    return torch.tensor(motion, dtype=torch.float32).view(1, 6, 1, 1).repeat(1, 1, *SIZE)


def projection(*, valid=True, depth_difference=0.0):
    zero = torch.zeros(())
    return Projection(
        photo=zero,
        geometry=zero,
        image=torch.zeros(1, 3, *SIZE),
        flow=torch.zeros(1, 2, *SIZE),
        depth_difference=torch.full((1, 1, *SIZE), depth_difference),
        valid=torch.full((1, 1, *SIZE), valid),
    )


def loss(forward, backward, seen=None, alpha=5.0):
    return motion_consistency_loss(
        forward, backward, seen or projection(), alpha=alpha, max_depth_difference=0.1
    ).item()


def test_opposite_motions_agree():
    assert loss(field(1, 2, 3, 0, 0, 0.1), field(0, 0, 0, 0, 0, -0.1), alpha=0.0) < 1e-9
    assert loss(field(1, 2, 3, 0, 0, 0), field(-1, -2, -3, 0, 0, 0)) < 1e-9


def test_equal_translations_count_twice_alpha():
    # |2 t|^2 / (|t|^2 + |t|^2)
    assert loss(field(1, 0, 0, 0, 0, 0), field(1, 0, 0, 0, 0, 0)) == pytest.approx(5 * 2.0)


def test_equal_small_rotations_count_two():
    # |R(2 a) - I|^2 is four times |R(a) - I|^2, of which there are two below.
    assert loss(field(0, 0, 0, 0, 0.01, 0), field(0, 0, 0, 0, 0.01, 0)) == pytest.approx(
        2.0, rel=1e-3
    )


def test_translation_counts_only_where_valid_and_depths_agree():
    forward = backward = field(1, 0, 0, 0, 0, 0)
    assert loss(forward, backward, projection(valid=False)) == 0
    assert loss(forward, backward, projection(depth_difference=0.11)) == 0
    assert loss(forward, backward, projection(depth_difference=0.1)) == pytest.approx(10.0)


def test_standing_still_gives_zero_and_a_finite_gradient():
    forward, backward = field(*[0.0] * 6).requires_grad_(), field(*[0.0] * 6).requires_grad_()
    result = motion_consistency_loss(
        forward, backward, projection(), alpha=5.0, max_depth_difference=0.1
    )
    result.backward()
    assert result.item() == 0
    assert forward.grad.isfinite().all()
    assert backward.grad.isfinite().all()
