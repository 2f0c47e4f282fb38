from __future__ import annotations

import cv2
import numpy as np
import pytest

from offline.datasets.depth_truth import improved_depth, require_truth, scanned_depth

# Focal length 1 px, at the scanner, looking ahead: column = -left, row = -up, minus one.
CAMERA = np.array([[0.0, -1, 0, 0], [0, 0, -1, 0], [1, 0, 0, 0.5]])


@pytest.mark.parametrize(
    ("truth", "metres"),
    [("velodyne_forward", 299.51), ("velodyne_z", 300.01), ("velodyne_png", 44.0078125)],
)
def test_each_truth_has_its_value_for_a_point_worked_by_hand(tmp_path, truth, metres):
    image, scan = tmp_path / "a.png", tmp_path / "a.bin"
    cv2.imwrite(str(image), np.zeros((3, 4), np.uint8))
    np.array([299.51, -600, -900, 0.5], np.float32).tofile(scan)
    depth = scanned_depth(truth, scan, image, lambda: CAMERA)
    assert depth.dtype == np.float32
    assert np.argwhere(depth).tolist() == [[2, 1]]
    # Beyond 256 m the 16 bits wrap around: 300.01 - 256, cut to 1/256.
    assert depth[2, 1] == pytest.approx(metres, abs=1e-5)


def test_improved_depth_is_in_256ths_of_a_metre(tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), np.array([[0, 256, 65535]], np.uint16))
    cv2.imwrite(str(tmp_path / "image.jpg"), np.zeros((1, 3), np.uint8))
    depth = improved_depth(tmp_path / "a.png", tmp_path / "image.jpg")
    assert depth.tolist() == [[0, 1, 65535 / 256]]


def test_a_map_of_another_size_is_refused(tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((2, 3), np.uint16))
    cv2.imwrite(str(tmp_path / "image.png"), np.zeros((4, 3), np.uint8))
    with pytest.raises(ValueError, match=r"a.png must have the size of .*image.png, 3x4 px, got 3"):
        improved_depth(tmp_path / "a.png", tmp_path / "image.png")


def test_another_truth_is_refused():
    with pytest.raises(ValueError, match="depth truth of a drive must be a, b, got 'c'"):
        require_truth("c", ("a", "b"), "a drive")
