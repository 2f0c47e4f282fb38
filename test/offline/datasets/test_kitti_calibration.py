from __future__ import annotations

import numpy as np
import pytest

from offline.datasets.kitti_calibration import (
    Projection,
    baseline_m,
    projection,
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
