import numpy as np
import pytest

from offline.metrics.alignment import ALIGNMENTS, aligned

ANGLE = 0.3
ROTATION = np.array(
    [[np.cos(ANGLE), -np.sin(ANGLE), 0], [np.sin(ANGLE), np.cos(ANGLE), 0], [0, 0, 1]]
)


@pytest.fixture
def truth():
    random = np.random.default_rng(0)
    poses = np.tile(np.eye(4), (20, 1, 1))
    poses[:, :3, :3] = np.linalg.qr(random.normal(size=(20, 3, 3)))[0]
    poses[:, :3, :3] *= np.linalg.det(poses[:, :3, :3])[:, None, None]
    poses[:, :3, 3] = random.normal(size=(20, 3)).cumsum(axis=0)
    return poses


def moved(poses, scale=1.0):
    changed = poses.copy()
    changed[:, :3, :3] = ROTATION @ poses[:, :3, :3]
    changed[:, :3, 3] = scale * poses[:, :3, 3] @ ROTATION.T + [1, 2, 3]
    return changed


@pytest.mark.parametrize(("alignment", "scale"), [("sim3", 0.2), ("se3", 1.0)])
def test_similarity_is_undone(truth, alignment, scale):
    np.testing.assert_allclose(aligned(moved(truth, scale), truth, alignment), truth, atol=1e-9)


def test_rigid_alignment_keeps_the_scale(truth):
    poses = aligned(moved(truth, 2), truth, "se3")
    lengths = [np.linalg.norm(np.diff(p[:, :3, 3], axis=0), axis=1) for p in (poses, truth)]
    np.testing.assert_allclose(lengths[0], 2 * lengths[1])


def test_scale_alone_starts_at_the_first_pose(truth):
    other = moved(truth)
    other[1:, :3, 3] += 0.5 * (other[1:, :3, 3] - other[0, :3, 3])
    np.testing.assert_allclose(aligned(other, truth, "scale"), truth, atol=1e-9)


def test_reflection_is_no_rotation(truth):
    mirrored = truth.copy()
    mirrored[:, 0, 3] *= -1
    poses = aligned(mirrored, truth, "se3")
    assert np.linalg.det(poses[0, :3, :3] @ truth[0, :3, :3].T) == pytest.approx(1)


def test_no_alignment_changes_nothing(truth):
    np.testing.assert_array_equal(aligned(moved(truth), truth, "none"), moved(truth))


@pytest.mark.parametrize("alignment", ["sim3", "scale"])
def test_trajectory_that_stands_still_cannot_be_scaled(truth, alignment):
    still = np.tile(np.eye(4), (20, 1, 1))
    with pytest.raises(ValueError, match="trajectory must move, in the prediction and in the tr"):
        aligned(still, truth, alignment)


def test_unknown_alignment_and_other_lengths_are_refused(truth):
    with pytest.raises(ValueError, match=rf"must be one of {', '.join(ALIGNMENTS)}, got 'best'"):
        aligned(truth, truth, "best")
    with pytest.raises(ValueError, match=r"poses must be \(20, 4, 4\) as .* got \(19, 4, 4\)"):
        aligned(truth[1:], truth, "se3")
