from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from offline.datasets.kitti_odometry import read_kitti_odometry
from offline.datasets.kitti_raw import read_kitti_raw
from offline.datasets.kitti_sequences import odometry_samples, raw_samples

POSES = "1 0 0 0 0 1 0 0 0 0 1 0\n1 0 0 0 0 1 0 0 0 0 1 1\n0 0 1 0.5 0 1 0 0 -1 0 0 2\n"


def test_a_sequence_gives_each_frame_its_neighbours(kitti_odometry):
    samples = odometry_samples(kitti_odometry(0, 1))
    assert [sample.name for sample in samples] == [f"07/image_0/00000{i}" for i in range(3)]
    roles = [set(sample.pictures) for sample in samples]
    assert roles[0] == {"current", "next", "right", "next_right"}
    assert roles[1] == {"previous", "current", "next", "right", "next_right"}
    assert roles[2] == {"previous", "current", "right"}
    values = samples[1].images(("previous", "current", "next", "right", "next_right"))
    assert [int(image[0, 0, 0]) for image in values.values()] == [0, 1, 2, 1, 2]
    assert {sample.sequence for sample in samples} == {"07"}


def test_names_are_those_of_the_folder_that_was_given(kitti_odometry, tmp_path, monkeypatch):
    link = tmp_path / "links" / "09"
    link.parent.mkdir()
    link.symlink_to(kitti_odometry(0))
    assert odometry_samples(link)[0].name == "09/image_0/000000"
    monkeypatch.chdir(link)
    assert odometry_samples(Path("."))[1].name == "07/image_0/000001"
    monkeypatch.chdir(link.parent)
    assert odometry_samples(Path("09"))[1].name == "09/image_0/000001"


def test_stamps_are_those_of_a_bag(kitti_odometry, kitti_raw):
    folder = kitti_odometry(0)
    (folder / "times.txt").write_text("0.0\n1.037e-01\n2.074e-01\n")
    stamps = tuple(sample.stamp_ns for sample in odometry_samples(folder))
    assert stamps == read_kitti_odometry(folder).stamps_ns
    stamps = tuple(sample.stamp_ns for sample in raw_samples(kitti_raw))
    assert stamps == read_kitti_raw(kitti_raw).stamps_ns


def test_poses_are_those_of_the_file_for_the_grey_camera(kitti_odometry):
    folder = kitti_odometry(0)
    (folder / "poses.txt").write_text(POSES)
    pose = odometry_samples(folder)[2].known("world_from_camera")
    assert pose.dtype == np.float64
    assert pose.tolist() == [[0, 0, 1, 0.5], [0, 1, 0, 0], [-1, 0, 0, 2], [0, 0, 0, 1]]


def test_poses_of_colour_images_are_those_of_the_colour_camera(kitti_odometry):
    folder = kitti_odometry(2, 3)
    (folder / "poses.txt").write_text(POSES)
    first, _, turned = (s.known("world_from_camera") for s in odometry_samples(folder))
    # Camera 2 is 0.06 m to the left of camera 0, which in the last frame looks along the world's x.
    np.testing.assert_allclose(first[:3, 3], [-0.06, 0, 0], atol=1e-12)
    np.testing.assert_allclose(turned[:3, 3], [0.5, 0, 2.06], atol=1e-12)


def test_a_sequence_without_poses_says_so_when_they_are_asked_for(kitti_odometry):
    sample = odometry_samples(kitti_odometry(0))[0]
    with pytest.raises(ValueError, match=r"07/image_0/000000 must have .*'world_from_camera'"):
        sample.known("world_from_camera")


def test_51_frames_of_the_real_sequence_have_images_and_poses(shared):
    folder = shared / "data" / "kitti" / "odometry"
    samples = odometry_samples(folder)
    assert len(samples) == 51
    file = np.loadtxt(folder / "poses.txt").reshape(-1, 3, 4)
    poses = np.stack([sample.known("world_from_camera") for sample in samples])
    np.testing.assert_array_equal(poses[:, :3], file)
    assert samples[50].image("previous").shape == (370, 1226, 3)


def test_a_drives_frames_are_called_as_in_eigens_list(kitti_raw):
    samples = raw_samples(kitti_raw)
    drive = "2011_09_26/2011_09_26_drive_0001_sync"
    assert samples[1].name == f"{drive}/image_02/data/0000000001"
    assert samples[1].sequence == "2011_09_26_drive_0001_sync"
    assert set(samples[0].pictures) == {"current", "next", "right", "next_right"}


def test_a_drive_without_scans_has_no_depth(kitti_raw):
    assert not raw_samples(kitti_raw)[0].truth


@pytest.fixture
def scanned(kitti_raw):
    """The drive with a point 10 m ahead of the scanner in its first two frames."""
    folder = kitti_raw / "velodyne_points" / "data"
    folder.mkdir(parents=True)
    for index in range(2):
        point = np.array([10, -1, 1, 0.5], np.float32)
        point.tofile(folder / f"{index:010d}.bin")
    cameras = kitti_raw.parent / "calib_cam_to_cam.txt"
    cameras.write_text(cameras.read_text() + "R_rect_00: 1 0 0 0 1 0 0 0 1\n")
    scanner = kitti_raw.parent / "calib_velo_to_cam.txt"
    scanner.write_text("R: 0 -1 0 0 0 -1 1 0 0\nT: 0.94 0 -0.5\n")
    return kitti_raw


def test_a_drive_with_scans_has_depth_worked_by_hand(scanned):
    # Camera 0: (1.94, -1, 9.5); (10 * 1.94 + 7.5 * 9.5 + 0.6) / 9.5 = 9.6 -> 10 -> column 9 and
    # (-10 + 3.5 * 9.5) / 9.5 = 2.4 -> 2 -> row 1.
    for truth, metres in (("velodyne_forward", 10.0), ("velodyne_z", 9.5)):
        depth = raw_samples(scanned, truth=truth)[0].known("depth")
        assert depth.shape == (8, 16)
        assert np.argwhere(depth).tolist() == [[1, 9]]
        assert depth[1, 9] == metres


def test_calibration_in_the_drives_own_folder_is_found_too(scanned):
    for name in ("calib_cam_to_cam.txt", "calib_velo_to_cam.txt"):
        shutil.move(scanned.parent / name, scanned)
    assert raw_samples(scanned)[1].known("depth").any()


def test_a_frame_without_a_scan_is_named_when_its_depth_is_asked_for(scanned):
    with pytest.raises(ValueError, match=r"0000000002: Velodyne scan .*0000000002.bin cannot be"):
        raw_samples(scanned)[2].known("depth")


def test_a_missing_image_is_named_when_it_is_looked_at(scanned):
    (scanned / "image_02" / "data" / "0000000001.png").unlink()
    with pytest.raises(ValueError, match=r"0000000000: image .*0000000001.png cannot be read"):
        raw_samples(scanned)[0].image("next")


def test_a_drives_improved_depth_is_that_of_its_frames(kitti_raw):
    maps = kitti_raw / "proj_depth" / "groundtruth" / "image_02"
    maps.mkdir(parents=True)
    cv2.imwrite(str(maps / "0000000001.png"), np.full((8, 16), 512, np.uint16))
    samples = raw_samples(kitti_raw, truth="improved")
    assert np.unique(samples[1].known("depth")).tolist() == [2]
    with pytest.raises(ValueError, match=r"0000000000: annotated depth map .* must be there"):
        samples[0].known("depth")


def test_another_truth_is_refused(kitti_raw):
    with pytest.raises(ValueError, match=r"depth truth of a drive must be .* got 'kitti2015'"):
        raw_samples(kitti_raw, truth="kitti2015")


def test_a_wrong_folder_is_refused(tmp_path):
    with pytest.raises(ValueError, match="must have image_2 or image_0"):
        odometry_samples(tmp_path)
    with pytest.raises(ValueError, match="must have image_02 or image_00, got neither"):
        raw_samples(tmp_path)
