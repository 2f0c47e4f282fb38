from __future__ import annotations

import shutil

import cv2
import numpy as np
import pytest

from offline.datasets.vis_folders import read_vis_folders

SCENE = "2011_09_26_drive_0001_sync_02"


@pytest.fixture
def vis(tmp_path):
    """A scene of three images of 16x8 px with depth and two instances in masks."""
    images, masks = tmp_path / "image" / SCENE, tmp_path / "segmentation" / SCENE
    for folder in (images, masks):
        folder.mkdir(parents=True)
    for index in range(3):
        name = f"{index:07d}"
        cv2.imwrite(str(images / f"{name}.jpg"), np.full((8, 16, 3), 10 * index, np.uint8))
        np.save(images / f"{name}.npy", np.full((8, 16), index, np.float32))
        instances = np.zeros((3, 8, 16), np.uint8)
        instances[1, 2:4], instances[2, 5] = 1, 1
        np.save(masks / f"{name}.npy", instances)
    (tmp_path / "val.txt").write_text(f"{SCENE}\n")
    return tmp_path


def test_every_image_of_a_scene_has_its_neighbours(vis):
    samples = read_vis_folders(vis)
    assert [sample.name for sample in samples] == [f"{SCENE}/{index:07d}" for index in range(3)]
    assert [list(sample.pictures) for sample in samples] == [
        ["current", "next"],
        ["previous", "current", "next"],
        ["previous", "current"],
    ]
    images = samples[1].images(("previous", "current", "next"))
    assert [image[0, 0, 0] for image in images.values()] == [0, 10, 20]


def test_depth_and_the_masks_of_instances_are_read(vis):
    sample = read_vis_folders(vis)[2]
    assert sample.known("depth")[0, 0] == 2
    masks = sample.known("instance_masks")
    assert masks.shape == (2, 8, 16)  # the empty first one is left out
    assert masks.sum(axis=(1, 2)).tolist() == [32, 16]


def test_scenes_may_stand_in_the_root_itself(vis):
    shutil.move(vis / "image" / SCENE, vis)
    (vis / "image").rmdir()
    shutil.rmtree(vis / "segmentation")
    sample = read_vis_folders(vis)[1]
    assert list(sample.truth) == ["depth"]
    assert sample.image("current")[0, 0, 0] == 10


def test_a_missing_mask_is_named_with_its_line(vis):
    (vis / "segmentation" / SCENE / "0000001.npy").unlink()
    message = r"val.txt, line 1\): .*segmentation/.*/0000001.npy cannot be read"
    with pytest.raises(ValueError, match=message):
        read_vis_folders(vis)[1].known("instance_masks")


def test_a_truncated_array_is_named(vis):
    file = vis / "image" / SCENE / "0000001.npy"
    file.write_bytes(file.read_bytes()[:-7])
    with pytest.raises(ValueError, match=r"0000001.npy cannot be read as an array"):
        read_vis_folders(vis)[1].known("depth")


def test_an_array_of_another_shape_is_refused(vis):
    np.save(vis / "image" / SCENE / "0000001.npy", np.zeros((8, 16, 1)))
    with pytest.raises(ValueError, match=r"must be a depth map \(H, W\), got \(8, 16, 1\)"):
        read_vis_folders(vis)[1].known("depth")


def test_a_scene_without_images_is_named_with_its_line(vis):
    (vis / "val.txt").write_text(f"{SCENE}\nelsewhere\n")
    with pytest.raises(ValueError, match=r"val.txt, line 2: .* must hold images .* not exist"):
        read_vis_folders(vis)


def test_a_missing_list_is_told_with_what_is_there(vis):
    with pytest.raises(
        ValueError, match=r"must have train.txt .*; it has image, segmentation, val"
    ):
        read_vis_folders(vis, split="train")
