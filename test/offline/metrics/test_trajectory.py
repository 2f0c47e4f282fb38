import numpy as np
import pytest

from offline.metrics.trajectory import (
    TrajectoryProtocol,
    chained_poses,
    score_trajectory,
    trajectory_error,
    window_errors,
)

PROTOCOL = TrajectoryProtocol()


def poses_at(*positions):
    poses = np.tile(np.eye(4), (len(positions), 1, 1))
    poses[:, :3, 3] = positions
    return poses


def turning(frames, step_m=1.0, angle_rad=0.02):
    """World-from-camera of a drive along a circle."""
    step = np.eye(4)
    cos, sin = np.cos(angle_rad), np.sin(angle_rad)
    step[:3, :3] = [[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]]
    step[2, 3] = step_m
    poses = [np.eye(4)]
    for _ in range(frames - 1):
        poses.append(poses[-1] @ step)
    return np.stack(poses)


def steps_of(poses):
    return np.linalg.inv(np.linalg.inv(poses[:-1]) @ poses[1:])


@pytest.fixture
def drive(golden):
    case = golden("sgdepth_pose")
    truth = np.tile(np.eye(4), (len(case["gt_global"]), 1, 1))
    truth[:, :3] = case["gt_global"]
    return case, truth


def test_sgdepth_s_evaluator_gives_the_same_numbers(drive):
    case, truth = drive
    errors = window_errors(case["pred_cam_T_cam_0_1"], truth)
    assert len(errors) == 12 - 4
    assert errors.mean() == pytest.approx(float(case["ate_mean"]), rel=1e-9)
    assert errors.std() == pytest.approx(float(case["ate_std"]), rel=1e-9)
    scores = score_trajectory(case["pred_cam_T_cam_0_1"], truth, PROTOCOL)
    assert scores["ate_mean"] == pytest.approx(float(case["ate_mean"]), rel=1e-9)


def test_steps_are_chained_back_into_their_poses():
    truth = turning(9)
    np.testing.assert_allclose(chained_poses(steps_of(truth)), truth, atol=1e-12)


def test_perfect_steps_of_any_unit_have_no_error():
    truth = turning(30)
    steps = steps_of(truth)
    steps[:, :3, 3] *= 7
    scores = score_trajectory(steps, truth, PROTOCOL)
    assert (scores["ate_mean"], scores["ate"]) == pytest.approx((0, 0), abs=1e-6)
    assert scores["frames"] == 30
    assert scores["length_m"] == pytest.approx(29)


def test_window_s_error_is_a_norm_over_the_frames():
    # Forwards 1 m a frame; the prediction goes 1 m to the side in the last step. Both are
    # chained as published, next from current, so they point backwards.
    truth = poses_at(*[(0, 0, z) for z in range(5)])
    steps = steps_of(truth)
    steps[3, :3, 3] = (-1, 0, 0)
    known = np.array([0, 1, 2, 3, 4.0])
    predicted = np.array([(0, 0), (0, 1), (0, 2), (0, 3), (1, 3.0)])
    scale = (known * predicted[:, 1]).sum() / (predicted**2).sum()
    difference = scale * predicted - np.stack([0 * known, known], axis=1)
    expected = np.sqrt((difference**2).sum()) / 5
    assert window_errors(steps, truth) == pytest.approx([expected])


def test_prediction_that_stands_still_misses_the_whole_way():
    truth = poses_at((0, 0, 0), (0, 0, 3), (0, 0, 6))
    still = np.tile(np.eye(4), (2, 1, 1))
    assert window_errors(still, truth, 3) == pytest.approx([np.sqrt(9 + 36) / 3])


def test_steps_beyond_the_truth_are_not_used():
    truth = turning(8)
    steps = steps_of(turning(9))
    steps[7] = 99
    np.testing.assert_allclose(window_errors(steps, truth), 0, atol=1e-6)


def test_error_is_the_root_mean_square_of_distances():
    assert trajectory_error(poses_at((0, 0, 0), (0, 3, 4)), poses_at((0, 0, 0), (0, 0, 0))) == (
        pytest.approx(np.sqrt(25 / 2))
    )


def test_relative_errors_come_with_a_hundred_metres():
    short, long = turning(60), turning(130)
    assert "t_rel" not in score_trajectory(steps_of(short), short, PROTOCOL)
    scores = score_trajectory(steps_of(long), long, PROTOCOL)
    assert scores["t_rel"] == pytest.approx(0, abs=1e-6)
    assert scores["r_rel"] == pytest.approx(0, abs=1e-4)


def test_too_few_frames_or_steps_are_refused():
    truth = turning(4)
    with pytest.raises(ValueError, match="trajectory must have at least 5 frames, got 4"):
        window_errors(steps_of(truth), truth)
    with pytest.raises(ValueError, match="steps must be at least 6, one less than poses, got 3"):
        window_errors(steps_of(truth), turning(7))


def test_nan_of_a_prediction_is_refused():
    truth = turning(6)
    steps = steps_of(truth)
    steps[2, 0, 0] = np.nan
    with pytest.raises(ValueError, match="steps must be finite, 1 of 5 are not"):
        score_trajectory(steps, truth, PROTOCOL)


@pytest.mark.parametrize("wrong", [{"window": 1}, {"alignment": "best"}])
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match="window must be >= 2 and alignment one of sim3, se3"):
        TrajectoryProtocol(**wrong)


def test_words_tell_every_setting():
    words = TrajectoryProtocol(window=3, alignment="se3").words()
    assert "windows of 3 frames" in words
    assert "aligned by se3" in words
