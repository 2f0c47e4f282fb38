from __future__ import annotations

import dataclasses
from pathlib import Path

import cv2
import numpy as np
import pytest

from offline.datasets.base import (
    Camera,
    CameraSequence,
    ImageFile,
    even_stamps_ns,
    odom_from_optical,
    optical_from_odom,
)


def camera(count: int) -> Camera:
    return Camera("camera", tuple(ImageFile(Path(f"{i}.png")) for i in range(count)), None)


def test_the_first_frames_are_those_of_every_part():
    poses = np.tile(np.eye(4), (5, 1, 1))
    sequence = CameraSequence(tuple(range(5)), camera(5), camera(5), poses).first(2)
    assert sequence.stamps_ns == (0, 1)
    assert len(sequence.left.pictures) == len(sequence.right.pictures) == 2
    assert sequence.odom_from_camera.shape == (2, 4, 4)


def test_parts_of_other_length_are_refused():
    with pytest.raises(ValueError, match="3 stamps must have 3 left images, got 2"):
        CameraSequence((0, 1, 2), camera(2))
    with pytest.raises(ValueError, match="must have 3 poses, got 1"):
        CameraSequence((0, 1, 2), camera(3), odom_from_camera=np.eye(4)[None])


def test_stamps_must_increase():
    with pytest.raises(ValueError, match="stamps of frames must increase, frames "):
        CameraSequence((0, 2, 2), camera(3))


def test_even_stamps_keep_the_rate_without_drift():
    stamps = even_stamps_ns(31, 30.0)
    assert stamps[0] == 1_000_000_000
    assert stamps[30] == 2_000_000_000


def test_a_camera_that_moves_along_its_axis_moves_along_x_in_odom():
    forward = np.eye(4)
    forward[:3, 3] = [0.1, -0.2, 5]  # right, up and forward in the optical frame
    moved = odom_from_optical(forward[None])[0]
    np.testing.assert_allclose(moved[:3, 3], [5, -0.1, 0.2])
    # The optical z axis points along odom's x.
    np.testing.assert_allclose(moved[:3, 2], [1, 0, 0])
    assert np.linalg.det(moved[:3, :3]) == pytest.approx(1)


def test_an_image_file_gives_pixels_and_its_own_bytes(tmp_path):
    file = tmp_path / "a.jpg"
    cv2.imwrite(str(file), np.zeros((4, 4, 3), np.uint8))
    assert ImageFile(file).pixels("mono8")[0].shape == (4, 4)
    assert ImageFile(file).encoded() == (file.read_bytes(), "jpeg")


def test_a_damaged_file_is_refused_also_where_its_bytes_are_kept(tmp_path):
    file = tmp_path / "a.png"
    file.write_bytes(b"rubbish")
    with pytest.raises(ValueError, match=r"a.png is damaged"):
        ImageFile(file).encoded()


def test_cameras_are_values():
    assert dataclasses.replace(camera(1)) == camera(1)


def test_optical_poses_come_back_exactly():
    poses = np.tile(np.eye(4), (2, 1, 1))
    poses[1, :3] = np.random.default_rng(0).normal(size=(3, 4))
    np.testing.assert_array_equal(optical_from_odom(odom_from_optical(poses)), poses)
