from __future__ import annotations

import shutil

import pytest

from offline.datasets.kitti_raw import parse_stamp_ns, read_kitti_raw


def test_a_drive_has_its_stamps_images_and_calibration(kitti_raw):
    drive = read_kitti_raw(kitti_raw)
    assert [s - drive.stamps_ns[0] for s in drive.stamps_ns] == [0, 100_060_555, 200_110_556]
    assert [p.pixels("mono8")[0][0, 0] for p in drive.left.pictures] == [0, 1, 2]
    camera = drive.left.intrinsics
    assert (camera.fx, camera.cx, camera.width, camera.height) == (10, 7.5, 16, 8)
    assert drive.left.baseline_m == 0
    assert drive.right.baseline_m == pytest.approx(0.5)
    assert drive.left.frame_id != drive.right.frame_id
    assert drive.odom_from_camera is None


def test_calibration_in_the_drives_own_folder_is_found_too(kitti_raw):
    shutil.move(kitti_raw.parent / "calib_cam_to_cam.txt", kitti_raw)
    assert read_kitti_raw(kitti_raw).left.intrinsics.fx == 10


def test_a_drive_without_the_right_camera_is_mono(kitti_raw):
    shutil.rmtree(kitti_raw / "image_03")
    assert read_kitti_raw(kitti_raw).right is None


def test_a_missing_image_does_not_shift_the_others(kitti_raw):
    (kitti_raw / "image_02" / "data" / "0000000001.png").unlink()
    drive = read_kitti_raw(kitti_raw)
    with pytest.raises(ValueError, match=r"0000000001.png cannot be read"):
        drive.left.pictures[1].pixels("")
    assert drive.left.pictures[2].pixels("")[0][0, 0] == 2


def test_stamps_keep_their_nanoseconds():
    later = parse_stamp_ns("2011-09-26 13:02:25.964389445")
    assert later % 1_000_000_000 == 964_389_445
    assert later - parse_stamp_ns("2011-09-26 13:02:25") == 964_389_445
    assert parse_stamp_ns("1970-01-01 00:00:01.5") == 1_500_000_000


def test_what_is_no_drive_is_refused(tmp_path):
    with pytest.raises(ValueError, match="must have image_02 or image_00, got neither"):
        read_kitti_raw(tmp_path)


def test_a_wrong_stamp_is_refused(kitti_raw):
    (kitti_raw / "image_02" / "timestamps.txt").write_text("yesterday\n")
    with pytest.raises(ValueError, match=r"timestamp must be like .* got 'yesterday'"):
        read_kitti_raw(kitti_raw)


def test_a_calibration_without_the_images_size_is_refused(kitti_raw):
    file = kitti_raw.parent / "calib_cam_to_cam.txt"
    file.write_text(file.read_text().replace("S_rect_02", "S_02"))
    with pytest.raises(ValueError, match=r"calib_cam_to_cam.txt must have S_rect_02"):
        read_kitti_raw(kitti_raw)
