import torch

from offline.losses.distillation import distillation_losses, trust_teacher

_ROAD, _CAR = 0, 13


def _row(*vectors):
    """Return a flow of one row. # (1, 2, 1, W)."""
    return torch.tensor(vectors, dtype=torch.float32).T[None, :, None]


def test_the_teacher_is_trusted_where_things_may_move_or_both_agree():
    teacher = _row((2, 0), (2, 0), (2, 0), (0, 0))
    rigid = _row((2, 0), (-1, 0), (0.2, 0), (0, 0))
    labels = torch.tensor([[[_ROAD, _ROAD, _CAR, _CAR]]], dtype=torch.uint8)
    rigid_of_car = trust_teacher(teacher, rigid, labels)
    assert rigid_of_car[0, 0, 0].tolist() == [True, False, True, True]


def test_rigid_flow_is_learnt_where_it_leaves_the_image():
    same = _row((0, 0), (1, 0), (5, 0), (1, 0))
    cars = torch.full((1, 1, 4), _CAR, dtype=torch.uint8)
    assert trust_teacher(same, same, cars)[0, 0, 0].tolist() == [True, True, False, False]


def test_each_target_is_averaged_over_its_own_pixels():
    flow = _row((0, 0), (0, 0), (0, 0))
    teacher, rigid = _row((0.99, 0.99), (9, 9), (9, 9)), _row((9, 9), (1.99, 1.99), (1.99, 1.99))
    chosen = torch.tensor([True, False, False]).view(1, 1, 1, 3)
    losses = distillation_losses(flow, teacher, rigid, chosen, torch.ones_like(chosen))
    torch.testing.assert_close(losses.teacher, torch.tensor(1.0))
    torch.testing.assert_close(losses.rigid, torch.tensor(2**0.4))


def test_a_target_that_is_not_finite_costs_nothing_and_leaves_gradients_whole():
    flow = _row((1, 0), (1, 0)).requires_grad_()
    rigid = _row((float("nan"), 0), (3, 0))
    chosen = torch.zeros(1, 1, 1, 2, dtype=torch.bool)
    loss = distillation_losses(flow, 0 * rigid, rigid, chosen, ~chosen).rigid
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(flow.grad).all()
    assert not flow.grad[..., 0].any()


def test_teachers_are_not_taught():
    flow, teacher = _row((1, 0)), _row((2, 0)).requires_grad_()
    everywhere = torch.ones(1, 1, 1, 1, dtype=torch.bool)
    losses = distillation_losses(flow.requires_grad_(), teacher, flow, everywhere, everywhere)
    losses.teacher.backward()
    assert teacher.grad is None
