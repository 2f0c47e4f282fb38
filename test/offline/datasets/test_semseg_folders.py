from __future__ import annotations

import cv2
import numpy as np
import pytest

from offline.datasets.semseg_folders import (
    read_semseg_cityscapes,
    read_semseg_depth,
    read_semseg_kitti,
)


@pytest.fixture
def kitti(tmp_path):
    images = tmp_path / "training" / "image_2"
    images.mkdir(parents=True)
    for index in range(11):
        cv2.imwrite(str(images / f"{index:06d}_10.png"), np.zeros((2, 2, 3), np.uint8))
    return tmp_path


def test_every_fifth_image_validates_from_the_first_on(kitti):
    names = [sample.name for sample in read_semseg_kitti(kitti)]
    assert names == ["000000_10", "000005_10", "000010_10"]


def test_the_others_train(kitti):
    names = [sample.name for sample in read_semseg_kitti(kitti, split="train")]
    assert len(names) == 8
    assert names[:5] == ["000001_10", "000002_10", "000003_10", "000004_10", "000006_10"]


def test_wrong_splits_and_folders_are_refused(kitti):
    with pytest.raises(ValueError, match="split must be train, val or test, got 'training'"):
        read_semseg_kitti(kitti, split="training")
    with pytest.raises(ValueError, match=r"must have testing/image_2 .*; it has training"):
        read_semseg_kitti(kitti, split="test")


def test_depth_of_cityscapes_ends_at_85_m(tmp_path):
    for folder, kind, values in (
        ("leftImg8bit", "leftImg8bit", np.zeros((1, 2, 3), np.uint8)),
        # 473.57 m px / (84 m, 86 m) * 256 + 1
        ("disparity", "disparity", np.array([[1444, 1411]], np.uint16)),
    ):
        (tmp_path / folder / "val" / "bonn").mkdir(parents=True)
        path = tmp_path / folder / "val" / "bonn" / f"bonn_000000_000019_{kind}.png"
        cv2.imwrite(str(path), values)
    depth = read_semseg_cityscapes(tmp_path)[0].known("depth")
    assert depth[0].tolist() == pytest.approx([84, 0], abs=0.1)


def test_prepared_kitti_is_of_scene_folders(tmp_path):
    scene = tmp_path / "2011_09_26_drive_0001_sync_03"
    scene.mkdir()
    cv2.imwrite(str(scene / "0000000005.jpg"), np.zeros((4, 4, 3), np.uint8))
    np.save(scene / "0000000005.npy", np.full((4, 4), 9.0))
    (tmp_path / "val.txt").write_text(f"{scene.name}\n")
    (sample,) = read_semseg_depth(tmp_path)
    assert sample.name == f"{scene.name}/0000000005"
    assert sample.known("depth")[0, 0] == 9
