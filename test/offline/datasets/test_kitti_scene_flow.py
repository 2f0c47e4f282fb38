from __future__ import annotations

import shutil

import cv2
import numpy as np
import pytest

from offline.datasets.kitti_scene_flow import ScenePairs, gaps, read_kitti_scene_flow


def test_a_split_has_its_numbers_and_images_in_rgb(kitti_scene_flow):
    pairs = read_kitti_scene_flow(kitti_scene_flow)
    assert [pair.number for pair in pairs] == [0, 1, 2]
    first = [image[0, 0].tolist() for image in pairs[1].images()]
    assert first == [[100, 101, 102], [101, 102, 103], [110, 111, 112], [111, 112, 113]]


def test_a_splits_own_folder_is_read_too(kitti_scene_flow):
    assert len(read_kitti_scene_flow(kitti_scene_flow / "training", "testing")) == 3


def test_calibration_gives_the_pairs_camera(kitti_scene_flow):
    camera = read_kitti_scene_flow(kitti_scene_flow)[2].camera()
    assert (camera.left.fx, camera.left.width, camera.left.height) == (10, 16, 8)
    assert camera.baseline_m == pytest.approx(0.5)


@pytest.mark.parametrize("name", ["image_2/000001_11.png", "image_3/000001_10.png"])
def test_a_missing_image_is_named_when_it_is_read(kitti_scene_flow, name):
    (kitti_scene_flow / "training" / name).unlink()
    pairs = read_kitti_scene_flow(kitti_scene_flow)
    assert len(pairs) == 3
    with pytest.raises(ValueError, match=f"{name} cannot be read"):
        pairs[1].images()


def test_a_damaged_image_is_named(kitti_scene_flow):
    file = kitti_scene_flow / "training" / "image_3" / "000002_11.png"
    file.write_bytes(file.read_bytes()[:40])
    with pytest.raises(ValueError, match=r"image_3/000002_11.png is damaged"):
        read_kitti_scene_flow(kitti_scene_flow)[2].images()


def test_an_image_of_another_size_is_named_with_both_sizes(kitti_scene_flow):
    file = kitti_scene_flow / "training" / "image_2" / "000000_11.png"
    cv2.imwrite(str(file), np.zeros((9, 16, 3), np.uint8))
    with pytest.raises(ValueError, match=r"000000_11.png must have .* 16x8 px, got 16x9 px"):
        read_kitti_scene_flow(kitti_scene_flow)[0].images()


def test_a_missing_calibration_is_named_when_it_is_read(kitti_scene_flow):
    (kitti_scene_flow / "training" / "calib_cam_to_cam" / "000000.txt").unlink()
    pair = read_kitti_scene_flow(kitti_scene_flow)[0]
    pair.images()
    with pytest.raises(ValueError, match=r"calib_cam_to_cam/000000.txt cannot be read"):
        pair.camera()


def test_single_images_have_no_calibration(kitti_scene_flow):
    file = kitti_scene_flow / "training" / "image_2" / "000000_10.png"
    with pytest.raises(ValueError, match=r"calibration of .*000000_10.png must be given"):
        ScenePairs(0, file, file, file, file).camera()


def test_a_number_none_of_whose_images_is_there_is_a_gap(kitti_scene_flow):
    for file in kitti_scene_flow.glob("training/image_*/000001_*.png"):
        file.unlink()
    numbers = [pair.number for pair in read_kitti_scene_flow(kitti_scene_flow)]
    assert numbers == [0, 2]
    assert gaps(numbers) == [1]
    assert gaps([]) == []


def test_a_folder_without_the_split_is_refused(kitti_scene_flow):
    with pytest.raises(ValueError, match=r"must have testing/image_2 with 000000_10.png"):
        read_kitti_scene_flow(kitti_scene_flow, "testing")


def test_another_split_is_refused(kitti_scene_flow):
    with pytest.raises(ValueError, match="split must be training or testing, got 'validation'"):
        read_kitti_scene_flow(kitti_scene_flow, "validation")


def test_a_split_without_images_is_refused(kitti_scene_flow):
    for folder in ("image_2", "image_3"):
        shutil.rmtree(kitti_scene_flow / "training" / folder)
        (kitti_scene_flow / "training" / folder).mkdir()
    with pytest.raises(ValueError, match=r"image_2 must hold images called 000000_10.png"):
        read_kitti_scene_flow(kitti_scene_flow)
