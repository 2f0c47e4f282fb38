from __future__ import annotations

import numpy as np
import pytest

from offline.datasets.kitti_calibration import raw_image_from_velodyne
from offline.datasets.velodyne import project_velodyne, read_velodyne, through_png

# A camera of focal length 1 px at the scanner that looks ahead: column = -left, row = -up.
AHEAD = np.array([[0.0, -1, 0, 0], [0, 0, -1, 0], [1, 0, 0, 0]])


def points(*rows: tuple[float, float, float]) -> np.ndarray:
    return np.array([(*row, 0.5) for row in rows], np.float32)


def naive(scan: np.ndarray, image_from_velodyne: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """The published routine, a point and a group at a time."""
    depth = np.zeros(shape)
    groups: dict[int, list[tuple[int, int, float]]] = {}
    for x, y, z, _ in scan.astype(np.float64):
        u, v, w = image_from_velodyne @ (x, y, z, 1)
        if x < 0 or w == 0:
            continue
        column, row = round(u / w) - 1, round(v / w) - 1
        if 0 <= column < shape[1] and 0 <= row < shape[0]:
            depth[row, column] = w
            group = groups.setdefault(row * (shape[1] - 1) + column - 1, [])
            group.append((row, column, w))
    for group in groups.values():
        row, column, _ = group[0]
        depth[row, column] = min(w for _, _, w in group)
    return np.maximum(depth, 0)


def test_a_point_lands_on_the_pixel_worked_by_hand():
    # (10, -25, -15): column 2.5 -> 2 -> 1, row 1.5 -> 2 -> 1: rounded to even, minus one.
    depth = project_velodyne(points((10, -25, -15)), AHEAD, (3, 4), "z")
    assert depth.tolist() == [[0, 0, 0, 0], [0, 10, 0, 0], [0, 0, 0, 0]]


def test_forward_is_the_scanners_coordinate_and_z_the_cameras():
    behind = AHEAD.copy()
    behind[2, 3] = 0.5  # the camera stands half a metre behind the scanner
    scan = points((9.5, -20, -20))
    assert project_velodyne(scan, behind, (3, 4), "forward")[1, 1] == 9.5
    assert project_velodyne(scan, behind, (3, 4), "z")[1, 1] == 10


def test_points_behind_the_scanner_or_outside_the_image_leave_no_trace():
    scan = points((-10, 20, 20), (10, -5, -20), (10, -50, -20), (10, -20, -40), (0, -20, -20))
    assert not project_velodyne(scan, AHEAD, (3, 4), "z").any()


def test_points_behind_the_camera_become_zero_and_win_their_pixel():
    ahead_of_scanner = AHEAD.copy()
    ahead_of_scanner[2, 3] = -1
    scan = points((3, -4, -4), (0.5, 1, 1))  # z = 2 and -0.5, both on pixel (1, 1)
    depth = project_velodyne(scan, ahead_of_scanner, (3, 4), "z")
    assert depth[1, 1] == 0


@pytest.mark.parametrize("nearer_first", [True, False])
def test_the_nearest_of_several_points_wins(nearer_first):
    scan = points((5, -10, -10), (10, -20, -20))
    depth = project_velodyne(scan if nearer_first else scan[::-1], AHEAD, (3, 4), "z")
    assert depth[1, 1] == 5


def test_the_last_column_shares_its_key_with_the_first_of_the_next_row():
    # Pixel (0, 3) comes first and gets the minimum of both; (1, 0) keeps its own last point.
    end, start, start_later = (20, -80, -20), (10, -10, -20), (30, -30, -60)
    depth = project_velodyne(points(end, start, start_later), AHEAD, (3, 4), "z")
    assert (depth[0, 3], depth[1, 0]) == (10, 30)
    swapped = project_velodyne(points(start_later, end, start), AHEAD, (3, 4), "z")
    assert (swapped[1, 0], swapped[0, 3]) == (10, 20)


@pytest.mark.parametrize("shape", [(7, 9), (3, 1), (1, 5), (40, 30)])
def test_crowded_images_are_those_of_the_published_routine(shape):
    random = np.random.default_rng(sum(shape))
    scan = random.uniform((-2, -30, -30, 0), (20, 4, 4, 1), (3000, 4)).astype(np.float32)
    camera = AHEAD + random.normal(0, 0.05, (3, 4))
    camera[:2] *= 3
    got = project_velodyne(scan, camera, shape, "z")
    np.testing.assert_allclose(got, naive(scan, camera, shape), rtol=1e-12)
    assert got.any()


def test_no_point_in_the_image_gives_an_empty_map():
    assert not project_velodyne(points((10, 50, 50)), AHEAD, (3, 4), "forward").any()


@pytest.mark.parametrize("index", [0, 1])
@pytest.mark.parametrize("value", ["forward", "z"])
def test_maps_are_those_of_the_published_evaluators(kitti_depth, golden_raw, index, value):
    expected = golden_raw[f"velodyne_{value}_{index}"]
    camera = raw_image_from_velodyne(kitti_depth / "2011_09_26", 2)
    got = project_velodyne(golden_raw[f"velo_{index}"], camera, expected.shape, value)
    np.testing.assert_array_equal(got.astype(np.float32), expected)


def test_camera_3_has_a_map_of_its_own(kitti_depth, golden_raw):
    camera = raw_image_from_velodyne(kitti_depth / "2011_09_26", 3)
    expected = golden_raw["camera_3_0"]
    got = project_velodyne(golden_raw["velo_0"], camera, expected.shape, "forward")
    np.testing.assert_array_equal(got.astype(np.float32), expected)


def test_a_map_of_16_bits_is_that_of_sgdepth(kitti_depth, golden_raw):
    camera = raw_image_from_velodyne(kitti_depth / "2011_09_26", 2)
    expected = golden_raw["velodyne_png_1"]
    got = through_png(project_velodyne(golden_raw["velo_1"], camera, expected.shape, "z"))
    np.testing.assert_array_equal(got * 256, expected)


def test_semsegs_training_targets_are_projected_at_their_size(kitti_depth, golden_raw):
    expected = golden_raw["training_z_0"]
    height, width = golden_raw["velodyne_z_0"].shape
    scale = np.diag([expected.shape[1] / width, expected.shape[0] / height, 1])
    camera = scale @ raw_image_from_velodyne(kitti_depth / "2011_09_26", 2)
    got = project_velodyne(golden_raw["velo_0"], camera, expected.shape, "z")
    np.testing.assert_allclose(got, expected, rtol=1e-6)


def test_every_frame_of_the_goldens_agrees(shared):
    folder = shared / "golden" / "metrics"
    names = {"forward": "omeganet", "z": "semseg"}
    golden = {value: np.load(folder / f"{name}_depth.npz") for value, name in names.items()}
    inputs = np.load(folder / "inputs_kitti_raw.npz")
    for index, line in enumerate(inputs["files"]):
        calibration = {
            name: inputs[f"calib_{line[:10]}_{name}"]
            for name in ("P_rect_02", "R_rect_00", "R", "T")
        }
        rectified, placed = np.eye(4), np.eye(4)
        rectified[:3, :3] = calibration["R_rect_00"].reshape(3, 3)
        placed[:3, :3], placed[:3, 3] = calibration["R"].reshape(3, 3), calibration["T"]
        camera = calibration["P_rect_02"].reshape(3, 4) @ rectified @ placed
        for value, arrays in golden.items():
            expected = arrays[f"gt_depth_{index}"]
            got = project_velodyne(inputs[f"velo_{index}"], camera, expected.shape, value)
            np.testing.assert_array_equal(got.astype(np.float32), expected)


def test_a_png_cuts_off_and_wraps_around_at_256_m():
    depth = np.array([[0.0, 1.999, 255.999, 256.0, 300.5]])
    assert through_png(depth).tolist() == [[0, 511 / 256, 65535 / 256, 0, 44.5]]


def test_another_value_is_refused():
    with pytest.raises(ValueError, match="value must be forward or z, got 'x'"):
        project_velodyne(points((1, 1, 1)), AHEAD, (3, 4), "x")


def test_a_scan_is_read_as_it_was_written(tmp_path):
    scan = points((1, 2, 3), (4, -5, 6))
    scan.tofile(tmp_path / "0.bin")
    np.testing.assert_array_equal(read_velodyne(tmp_path / "0.bin"), scan)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (points((1, 2, 3)).tobytes()[:-5], r"0.bin must have 16 bytes .* got 11 bytes; it is cut"),
        (b"", r"0.bin must have 16 bytes .* got 0 bytes"),
        (b"\x89PNG" * 8, r"0.bin must have float32 coordinates within 1000 m"),
        (points((1, float("nan"), 3)).tobytes(), r"values beyond or NaN among 1 points"),
    ],
)
def test_what_is_no_scan_is_refused_by_name(tmp_path, content, message):
    (tmp_path / "0.bin").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read_velodyne(tmp_path / "0.bin")


def test_a_missing_scan_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"Velodyne scan .*0.bin cannot be read: No such file"):
        read_velodyne(tmp_path / "0.bin")
