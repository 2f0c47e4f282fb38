"""Errors of poses and intrinsics, worked by hand."""

import math

import pytest
import torch

from offline.losses.camera_supervised import (
    intrinsics_loss,
    rigid_flow_loss,
    rotation_loss,
    translation_loss,
    true_rigid_flow,
)
from scene_perception.geometry.se3 import pose_matrix

_K = torch.tensor([[[100.0, 0, 8], [0, 100, 8], [0, 0, 1]]])
_NOT_KNOWN = torch.full((1, 4, 4), torch.nan)


def _pose(*values):
    return pose_matrix(torch.tensor([values], dtype=torch.float32))


def test_a_rotation_s_error_is_in_degrees():
    wrong, truth = _pose(0, 0, 0, 0, 0.02, 0), _pose(0, 0, 0, 0, 0.01, 0)
    assert rotation_loss(wrong, truth).item() == pytest.approx(math.degrees(0.01), rel=1e-3)


def test_a_translation_s_error_is_relative_in_units_of_depth():
    # 2 m are 0.2 units at 0.1 units a metre; the floor is 0.01 units.
    truth, scale = _pose(0, 0, -2, 0, 0, 0), torch.tensor([0.1])
    assert translation_loss(_pose(0, 0, -0.2, 0, 0, 0), truth, scale).item() == pytest.approx(0)
    loss = translation_loss(_pose(0.1, 0, -0.2, 0, 0, 0), truth, scale)
    assert loss.item() == pytest.approx(0.1 / 0.21, rel=1e-2)


def test_intrinsics_are_compared_by_their_size():
    wrong = torch.tensor([[[110.0, 0, 8], [0, 100, 12], [0, 0, 1]]])
    assert intrinsics_loss(wrong, _K, 16, 16).item() == pytest.approx((0.1 + 4 / 16) / 4)


def test_what_is_not_known_costs_nothing_and_has_no_gradient():
    pose = torch.zeros(1, 6, requires_grad=True)
    transform, scale = pose_matrix(pose), torch.tensor([torch.nan])
    loss = rotation_loss(transform, _NOT_KNOWN)
    loss = loss + translation_loss(transform, _NOT_KNOWN, torch.ones(1))
    loss = loss + translation_loss(transform, _pose(0, 0, 1, 0, 0, 0), scale)
    loss = loss + intrinsics_loss(_K, _NOT_KNOWN[:, :3, :3], 16, 16)
    loss.backward()
    assert loss.item() == 0
    assert torch.equal(pose.grad, torch.zeros_like(pose))


def test_static_points_flow_as_the_camera_moves():
    # To the right by 1 m: points at 10 m move left by f / 10 = 10 px.
    depth = torch.full((1, 1, 16, 16), 10.0)
    depth[..., 0, 0] = 0
    flow, known = true_rigid_flow(depth, _pose(-1, 0, 0, 0, 0, 0), _K)
    assert not known[0, 0, 0, 0]
    assert known.sum() == 255
    assert torch.allclose(flow[0, :, 5, 5], torch.tensor([-10.0, 0.0]), atol=1e-4)


def test_what_the_camera_has_passed_has_no_flow():
    depth = torch.full((1, 1, 16, 16), 2.0)
    _, known = true_rigid_flow(depth, _pose(0, 0, -3, 0, 0, 0), _K)
    assert not known.any()


def test_a_sample_without_pose_has_no_rigid_flow():
    flow, known = true_rigid_flow(torch.ones(1, 1, 16, 16), _NOT_KNOWN, _K)
    assert flow.isfinite().all()
    assert not known.any()


def test_rigid_flow_is_right_in_any_unit_of_depth():
    depth = 5 + torch.arange(256.0).view(1, 1, 16, 16) / 20
    flow, known = true_rigid_flow(depth, _pose(-0.5, 0, -1, 0, 0.01, 0), _K)
    same = rigid_flow_loss(_pose(-0.05, 0, -0.1, 0, 0.01, 0), _K, depth / 10, flow, known)
    assert same.item() == pytest.approx(0, abs=1e-3)


def test_rigid_flow_s_error_is_relative():
    # 9 px off at a length of 10 px, and the floor of 1 px.
    depth, known = torch.full((1, 1, 4, 4), 10.0), torch.ones(1, 1, 4, 4, dtype=torch.bool)
    truth = torch.tensor([-10.0, 0.0]).view(1, 2, 1, 1).expand(1, 2, 4, 4)
    loss = rigid_flow_loss(_pose(-1.9, 0, 0, 0, 0, 0), _K, depth, truth, known)
    assert loss.item() == pytest.approx(9 / 11, rel=0.01)
