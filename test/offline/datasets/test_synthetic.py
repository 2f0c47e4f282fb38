from __future__ import annotations

import cv2
import numpy as np

from offline.datasets.synthetic import synthetic_sequence
from offline.synthetic.stereo import sequence, stereo_sequence


def test_pictures_and_poses_are_those_of_the_generated_drive():
    drive = synthetic_sequence(2, seed=4, height=32, width=64)
    frames = list(sequence(2, seed=4, height=32, width=64))
    assert drive.stamps_ns == tuple(frame.stamp_ns for frame in frames)
    np.testing.assert_array_equal(drive.left.pictures[1].pixels("")[0], frames[1].image)
    step = frames[1].world_from_camera[:3, 3] - frames[0].world_from_camera[:3, 3]
    moved = drive.odom_from_camera[1, :3, 3] - drive.odom_from_camera[0, :3, 3]
    np.testing.assert_allclose(moved, [step[2], -step[0], -step[1]], atol=1e-12)


def test_pictures_come_in_other_encodings_and_as_png():
    picture = synthetic_sequence(1, height=32, width=64).left.pictures[0]
    rgb = picture.pixels("rgb8")[0]
    np.testing.assert_array_equal(picture.pixels("bgr8")[0], rgb[:, :, ::-1])
    assert picture.pixels("mono8")[0].shape == (32, 64)
    data, file_format = picture.encoded()
    assert file_format == "png"
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(decoded[:, :, ::-1], rgb)


def test_the_right_camera_is_54_cm_beside_the_left_one():
    drive = synthetic_sequence(2, seed=4, height=32, width=64)
    pair = list(stereo_sequence(2, seed=4, height=32, width=64))[1]
    assert drive.right.baseline_m == 0.54
    assert drive.right.intrinsics == drive.left.intrinsics
    assert drive.right.frame_id != drive.left.frame_id
    np.testing.assert_array_equal(drive.right.pictures[1].pixels("")[0], pair.right_image)
