from itertools import pairwise

import numpy as np
import pytest

from offline.metrics.segments import has_segments, path_lengths, segment_errors


def straight(frames, step_m=1.0, yaw_rad=0.0):
    """Poses along z that turn by ``yaw_rad`` a frame on the spot."""
    poses = np.tile(np.eye(4), (frames, 1, 1))
    poses[:, 2, 3] = step_m * np.arange(frames)
    angle = yaw_rad * np.arange(frames)
    poses[:, 0, 0] = poses[:, 2, 2] = np.cos(angle)
    poses[:, 0, 2], poses[:, 2, 0] = np.sin(angle), -np.sin(angle)
    return poses


def by_segment(poses, truth):
    """The kit's loops."""
    path = [0.0]
    for before, after in pairwise(truth):
        path.append(path[-1] + np.linalg.norm(after[:3, 3] - before[:3, 3]))
    translation, rotation = [], []
    for first in range(0, len(truth), 10):
        for length in range(100, 900, 100):
            last = next((i for i in range(first, len(path)) if path[i] > path[first] + length), -1)
            if last < 0:
                continue
            motions = [np.linalg.inv(p[first]) @ p[last] for p in (poses, truth)]
            error = np.linalg.inv(motions[0]) @ motions[1]
            translation.append(np.linalg.norm(error[:3, 3]) / length)
            rotation.append(np.arccos(np.clip((np.trace(error[:3, :3]) - 1) / 2, -1, 1)) / length)
    return 100 * np.mean(translation), 100 * np.degrees(np.mean(rotation))


def test_scale_error_of_one_per_cent_worked_by_hand():
    # 102 frames, 1 m apart: only frame 0 sees more than 100 m, to frame 101.
    errors = segment_errors(straight(102, 1.01), straight(102))
    assert errors["t_rel"] == pytest.approx(100 * 1.01 / 100)
    assert errors["r_rel"] == pytest.approx(0, abs=1e-6)


def test_drift_of_a_thousandth_radian_a_frame_worked_by_hand():
    errors = segment_errors(straight(102, yaw_rad=1e-3), straight(102))
    assert errors["r_rel"] == pytest.approx(np.degrees(101 * 1e-3))


def test_loops_over_every_segment_give_the_same():
    random = np.random.default_rng(0)
    truth = straight(400, 2.3, 0.004)
    truth[:, :3, 3] += random.normal(0, 0.2, (400, 3))
    poses = truth.copy()
    poses[:, :3, 3] += random.normal(0, 0.5, (400, 3)).cumsum(axis=0)
    errors = segment_errors(poses, truth)
    assert (errors["t_rel"], errors["r_rel"]) == pytest.approx(by_segment(poses, truth))


def test_path_is_summed_up():
    assert path_lengths(straight(4, 2.0)).tolist() == [0, 2, 4, 6]


def test_shorter_than_a_hundred_metres_is_refused_with_its_length():
    assert not has_segments(straight(101))
    with pytest.raises(ValueError, match=r"longer than 100 m for t_rel and r_rel, got 50.0 m; ATE"):
        segment_errors(straight(51), straight(51))
