from __future__ import annotations

import numpy as np
import pytest

from offline.datasets.kitti_odometry import read_kitti_odometry

POSES = "1 0 0 0 0 1 0 0 0 0 1 0\n1 0 0 0 0 1 0 0 0 0 1 1\n1 0 0 0.5 0 1 0 0 0 0 1 2\n"


def test_grey_images_without_times_come_at_10_hz(kitti_odometry):
    sequence = read_kitti_odometry(kitti_odometry(0))
    assert sequence.stamps_ns == (1_000_000_000, 1_100_000_000, 1_200_000_000)
    assert sequence.left.intrinsics.cx == 7.5
    assert (sequence.right, sequence.odom_from_camera) == (None, None)


def test_times_give_the_stamps(kitti_odometry):
    folder = kitti_odometry(0)
    (folder / "times.txt").write_text("0.0\n1.037e-01\n2.074e-01\n")
    assert read_kitti_odometry(folder).stamps_ns == (1_000_000_000, 1_103_700_000, 1_207_400_000)


def test_the_right_camera_has_the_baseline(kitti_odometry):
    sequence = read_kitti_odometry(kitti_odometry(0, 1))
    assert sequence.right.baseline_m == pytest.approx(0.5)


def test_poses_are_found_in_the_folder_and_beside_the_sequences(kitti_odometry):
    folder = kitti_odometry(0)
    (folder / "poses.txt").write_text(POSES)
    near = read_kitti_odometry(folder).odom_from_camera
    np.testing.assert_allclose(near[:, :3, 3], [[0, 0, 0], [1, 0, 0], [2, -0.5, 0]])
    poses = folder.parent.parent / "poses"
    poses.mkdir()
    (folder / "poses.txt").rename(poses / "07.txt")
    np.testing.assert_array_equal(read_kitti_odometry(folder).odom_from_camera, near)


def test_poses_of_colour_images_are_those_of_the_colour_camera(kitti_odometry):
    folder = kitti_odometry(2, 3)
    (folder / "poses.txt").write_text(POSES)
    sequence = read_kitti_odometry(folder)
    # Camera 2 is 0.06 m to the left of camera 0: odom's y points left.
    np.testing.assert_allclose(sequence.odom_from_camera[0, :3, 3], [0, 0.06, 0], atol=1e-12)
    assert sequence.right.baseline_m == pytest.approx(0.5)


def test_a_pose_for_each_image_is_needed(kitti_odometry):
    folder = kitti_odometry(0)
    (folder / "poses.txt").write_text(POSES.splitlines()[0])
    with pytest.raises(ValueError, match=r"poses.txt must have a pose for each of 3 images, got 1"):
        read_kitti_odometry(folder)


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("times.txt", "0.0\nlater\n", r"times.txt must have one time in seconds a line"),
        ("calib.txt", "P0: 1 2 3\n", r"calib.txt must have P0 with 12 numbers"),
    ],
)
def test_wrong_files_are_named(kitti_odometry, file, content, message):
    folder = kitti_odometry(0)
    (folder / file).write_text(content)
    with pytest.raises(ValueError, match=message):
        read_kitti_odometry(folder)


def test_what_is_no_sequence_is_refused(tmp_path):
    with pytest.raises(ValueError, match="must have image_2 or image_0"):
        read_kitti_odometry(tmp_path)


def test_images_must_be_numbered(kitti_odometry):
    folder = kitti_odometry(0)
    (folder / "image_0" / "000002.png").rename(folder / "image_0" / "2b.png")
    with pytest.raises(ValueError, match=r"must be called 000000.png ..., got .*2b.png"):
        read_kitti_odometry(folder)
