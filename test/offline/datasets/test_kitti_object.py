from __future__ import annotations

import cv2
import numpy as np
import pytest

from offline.datasets.kitti_object import read_kitti_object

CALIBRATION = (
    "P2: 10 0 8 5 0 10 4 0 0 0 1 0\n"
    "R0_rect: 1 0 0 0 1 0 0 0 1\n"
    "Tr_velo_to_cam: 0 -1 0 0 0 0 -1 0 1 0 0 -0.5\n"
)


@pytest.fixture
def kitti_object(tmp_path):
    """Two frames of 16x8 px with a point each at camera z = 10 m, 5.5 m to the left."""
    root = tmp_path / "object"
    for folder in ("image_2", "velodyne", "calib"):
        (root / "training" / folder).mkdir(parents=True)
    for name in ("000000", "000001"):
        cv2.imwrite(str(root / "training" / "image_2" / f"{name}.png"), np.zeros((8, 16), np.uint8))
        point = np.array([10.5, 5.5, 2, 0.3], np.float32)
        point.tofile(root / "training" / "velodyne" / f"{name}.bin")
        (root / "training" / "calib" / f"{name}.txt").write_text(CALIBRATION)
    return root


def test_a_point_lands_on_the_pixel_worked_by_hand(kitti_object):
    # Camera: x = -5.5, y = -2, z = 10; (10 x + 8 z + 5) / z = 3, (10 y + 4 z) / z = 2; minus one.
    for truth, metres in (("velodyne_forward", 10.5), ("velodyne_z", 10.0)):
        depth = read_kitti_object(kitti_object, truth=truth)[0].known("depth")
        assert np.argwhere(depth).tolist() == [[1, 2]]
        assert depth[1, 2] == metres


def test_a_splits_folder_is_as_good_as_the_data_set(kitti_object):
    names = [sample.name for sample in read_kitti_object(kitti_object / "training")]
    assert names == [sample.name for sample in read_kitti_object(kitti_object)]
    assert names == ["image_2/000000", "image_2/000001"]


def test_other_images_are_roles_where_they_are_there(kitti_object):
    for name in ("image_3/000001.png", "prev_2/000001_01.png"):
        (kitti_object / "training" / name).parent.mkdir()
        cv2.imwrite(str(kitti_object / "training" / name), np.zeros((8, 16), np.uint8))
    first, second = read_kitti_object(kitti_object)
    assert list(first.pictures) == ["current"]
    assert set(second.pictures) == {"current", "right", "previous"}


def test_points_on_the_road_are_nearer_towards_the_bottom(shared):
    for sample in read_kitti_object(shared / "data" / "kitti" / "object", truth="velodyne_z"):
        depth = sample.known("depth")
        image = sample.image("current")
        assert depth.shape == image.shape[:2]
        assert 15_000 < np.count_nonzero(depth) < 25_000
        below = depth[-120:, 450:800]
        rows = [np.median(row[row > 0]) for row in np.array_split(below, 6)]
        assert rows == sorted(rows, reverse=True)
        assert 5 < rows[-1] < 8 < rows[0] < 20
        assert not depth[:100].any()  # the scanner sees little above the horizon


def test_depth_is_that_of_a_point_projected_by_hand(shared):
    root = shared / "data" / "kitti" / "object"
    point = np.fromfile(root / "velodyne" / "000001.bin", np.float32, count=4)
    lines = (root / "calib" / "000001.txt").read_text().split("\n")
    named = {line.split(":")[0]: np.array(line.split()[1:], float) for line in lines if line}
    camera = named["Tr_velo_to_cam"].reshape(3, 4) @ [*point[:3], 1]
    rectified = named["R0_rect"].reshape(3, 3) @ camera
    u, v, w = named["P2"].reshape(3, 4) @ [*rectified, 1]
    sample = read_kitti_object(root, truth="velodyne_z")[1]
    depth = sample.known("depth")
    assert depth[round(v / w) - 1, round(u / w) - 1] == pytest.approx(w, abs=1e-4)


@pytest.mark.parametrize(
    ("folder", "suffix", "message"),
    [
        ("velodyne", "bin", r"image_2/000001: Velodyne scan .*000001.bin cannot be read"),
        ("calib", "txt", r"image_2/000001: .*calib/000001.txt cannot be read"),
    ],
)
def test_a_missing_file_is_named(kitti_object, folder, suffix, message):
    (kitti_object / "training" / folder / f"000001.{suffix}").unlink()
    with pytest.raises(ValueError, match=message):
        read_kitti_object(kitti_object)[1].known("depth")


def test_a_calibration_without_the_scanner_is_refused(kitti_object):
    file = kitti_object / "training" / "calib" / "000000.txt"
    file.write_text(CALIBRATION.replace("Tr_velo", "Tr_imu"))
    with pytest.raises(ValueError, match=r"000000.txt must have Tr_velo_to_cam with 12 numbers"):
        read_kitti_object(kitti_object)[0].known("depth")


def test_a_wrong_root_says_what_is_needed_and_what_is_there(kitti_object):
    message = r"must have image_2, velodyne and calib, or training with them; it has object"
    with pytest.raises(ValueError, match=message):
        read_kitti_object(kitti_object.parent)


def test_a_truth_that_object_frames_do_not_have_is_refused(kitti_object):
    with pytest.raises(ValueError, match=r"truth of KITTI object must be .*, got 'improved'"):
        read_kitti_object(kitti_object, truth="improved")
