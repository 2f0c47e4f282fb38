from __future__ import annotations

import numpy as np
import pytest

from offline.datasets.kitti_calibration import (
    Projection,
    baseline_m,
    matrix,
    object_image_from_velodyne,
    projection,
    raw_image_from_velodyne,
    read_named,
    read_poses,
)

# Camera 2 of KITTI raw 2011_09_26, rounded.
P2 = [721.5377, 0, 609.5593, 44.85728, 0, 721.5377, 172.854, 0.2163791, 0, 0, 1, 0.002745884]
P3 = [721.5377, 0, 609.5593, -339.5242, 0, 721.5377, 172.854, 2.199936, 0, 0, 1, 0.002729905]


def test_offset_solves_the_projection_worked_by_hand():
    p = Projection(np.array([[2.0, 0, 3, 7], [0, 2, 5, 9], [0, 0, 1, 1]]))
    np.testing.assert_allclose(p.offset_m(), [2, 2, 1])  # 2x + 3z = 7, 2y + 5z = 9, z = 1


def test_baseline_of_kittis_colour_cameras_is_53_centimetres():
    left, right = (Projection(np.reshape(p, (3, 4))) for p in (P2, P3))
    assert baseline_m(left, right) == pytest.approx(0.5327, abs=1e-4)


def test_intrinsics_are_the_projections_pinhole_part():
    camera = Projection(np.reshape(P2, (3, 4))).intrinsics(1242, 375)
    assert (camera.fx, camera.fy, camera.cx, camera.cy) == (721.5377, 721.5377, 609.5593, 172.854)
    assert (camera.width, camera.height) == (1242, 375)


def test_lines_with_and_without_names_are_read_and_dates_skipped(tmp_path):
    file = tmp_path / "calib.txt"
    file.write_text("1 2 3\n4 5 6\n\ncalib_time: 09-Jan-2012\nR_00: 7 8\n")
    named = read_named(file)
    assert {name: values.tolist() for name, values in named.items()} == {
        "P0": [1, 2, 3],
        "P1": [4, 5, 6],
        "R_00": [7, 8],
    }


@pytest.mark.parametrize("values", [[], P2[:11], [0.0, *P2[1:]], [float("nan"), *P2[1:]]])
def test_what_is_no_projection_is_refused_by_file_and_name(tmp_path, values):
    named = {"P2": np.array(values)}
    with pytest.raises(ValueError, match=r"calib.txt must have P2 with 12 numbers"):
        projection(named, "P2", tmp_path / "calib.txt")


def test_a_missing_or_empty_file_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"calib.txt cannot be read"):
        read_named(tmp_path / "calib.txt")
    (tmp_path / "calib.txt").write_text("\n")
    with pytest.raises(ValueError, match=r"calib.txt must not be empty"):
        read_named(tmp_path / "calib.txt")


def test_poses_are_completed_to_4x4(tmp_path):
    (tmp_path / "poses.txt").write_text("1 0 0 5 0 1 0 6 0 0 1 7\n")
    expected = [[1, 0, 0, 5], [0, 1, 0, 6], [0, 0, 1, 7], [0, 0, 0, 1]]
    assert read_poses(tmp_path / "poses.txt").tolist() == [expected]


@pytest.mark.parametrize("line", ["1 2 3", "a " * 12])
def test_a_wrong_pose_is_named_by_file_and_line(tmp_path, line):
    (tmp_path / "poses.txt").write_text(f"1 0 0 5 0 1 0 6 0 0 1 7\n{line}\n")
    with pytest.raises(ValueError, match=r"poses.txt, line 2 must have 12 numbers"):
        read_poses(tmp_path / "poses.txt")


SCANNER_AHEAD = "0 -1 0 {} 0 0 -1 {} 1 0 0 {}"  # optical axes from forward, left, up


def test_the_scanners_projection_is_worked_by_hand(tmp_path):
    (tmp_path / "calib_cam_to_cam.txt").write_text(
        "calib_time: 09-Jan-2012 13:57:47\nR_rect_00: 0 1 0 -1 0 0 0 0 1\n"
        "P_rect_02: 10 0 5 1 0 10 4 2 0 0 1 3\nP_rect_03: 20 0 5 1 0 20 4 2 0 0 1 3\n"
    )
    (tmp_path / "calib_velo_to_cam.txt").write_text("R: 0 -1 0 0 0 -1 1 0 0\nT: 0.5 0.25 -1\n")
    # (4, 2, 1) -> camera (-1.5, -0.75, 3) -> rectified (-0.75, 1.5, 3)
    point = np.array([4.0, 2, 1, 1])
    left, right = (raw_image_from_velodyne(tmp_path, camera) for camera in (2, 3))
    assert (left @ point).tolist() == [8.5, 29, 6]
    assert (right @ point).tolist() == [1, 44, 6]


def test_the_object_benchmark_has_it_in_one_file(tmp_path):
    (tmp_path / "000000.txt").write_text(
        "P2: 10 0 5 1 0 10 4 2 0 0 1 3\nR0_rect: 0 1 0 -1 0 0 0 0 1\n"
        f"Tr_velo_to_cam: {SCANNER_AHEAD.format(0.5, 0.25, -1)}\n"
    )
    projected = object_image_from_velodyne(tmp_path / "000000.txt") @ [4.0, 2, 1, 1]
    assert projected.tolist() == [8.5, 29, 6]


@pytest.mark.parametrize("missing", ["R_rect_00", "P_rect_02", "R", "T"])
def test_a_matrix_that_is_missing_is_named(tmp_path, missing):
    names = {"R_rect_00": 9, "P_rect_02": 12, "R": 9, "T": 3}
    lines = {name: f"{name}: {'1 ' * count}\n" for name, count in names.items()}
    lines[missing] = f"{missing}: 1 2\n"
    (tmp_path / "calib_cam_to_cam.txt").write_text(lines["R_rect_00"] + lines["P_rect_02"])
    (tmp_path / "calib_velo_to_cam.txt").write_text(lines["R"] + lines["T"])
    message = rf"calib_(cam|velo)_to_cam.txt must have {missing} with {names[missing]} numbers"
    with pytest.raises(ValueError, match=message):
        raw_image_from_velodyne(tmp_path, 2)


def test_a_matrix_must_be_finite(tmp_path):
    named = {"R": np.array([1.0, np.nan])}
    with pytest.raises(ValueError, match=r"a.txt must have R with 2 numbers, got \[1.0, nan\]"):
        matrix(named, "R", (1, 2), tmp_path / "a.txt")
