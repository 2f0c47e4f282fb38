from __future__ import annotations

import cv2
import numpy as np
import pytest

from offline.datasets.kitti_semantics import read_kitti_semantics


@pytest.fixture
def semantics(tmp_path):
    """Three images of 16x8 px; of the nth every pixel is n, its label 7 + n."""
    root = tmp_path / "data_semantics"
    for folder in ("image_2", "semantic"):
        (root / "training" / folder).mkdir(parents=True)
    for index in range(3):
        name = f"{index:06d}_10.png"
        image = np.full((8, 16, 3), index, np.uint8)
        cv2.imwrite(str(root / "training" / "image_2" / name), image)
        labels = np.full((8, 16), 7 + index, np.uint8)
        cv2.imwrite(str(root / "training" / "semantic" / name), labels)
    return root


@pytest.mark.parametrize("given", [".", "training", "training/image_2"])
def test_images_come_with_their_labels(semantics, given):
    samples = read_kitti_semantics(semantics / given)
    assert [sample.name for sample in samples] == ["000000_10", "000001_10", "000002_10"]
    assert samples[2].image("current")[0, 0, 0] == 2
    assert [sample.known("label_ids")[0, 0] for sample in samples] == [7, 8, 9]
    assert [sample.known("labels")[0, 0] for sample in samples] == [0, 1, 255]


def test_a_list_chooses_images_and_is_named(semantics, tmp_path):
    (tmp_path / "list.txt").write_text("000002_10.png\n000007_10.png\n")
    second, missing = read_kitti_semantics(semantics, split=str(tmp_path / "list.txt"))
    assert second.known("label_ids")[0, 0] == 9
    message = r"sample 000007_10 \(.*list.txt, line 2\): .*semantic/000007_10.png cannot be read"
    with pytest.raises(ValueError, match=message):
        missing.known("labels")


def test_the_test_split_has_no_labels(semantics):
    (semantics / "training" / "image_2").rename(semantics / "image_2")
    (semantics / "testing").mkdir()
    (semantics / "image_2").rename(semantics / "testing" / "image_2")
    sample = read_kitti_semantics(semantics, split="testing")[0]
    with pytest.raises(ValueError, match="must have the ground truth 'labels', it has none"):
        sample.known("labels")


def test_labels_in_colour_are_refused(semantics):
    file = semantics / "training" / "semantic" / "000001_10.png"
    cv2.imwrite(str(file), np.zeros((8, 16, 3), np.uint8))
    with pytest.raises(ValueError, match=r"000001_10.png must be an 8-bit PNG of one channel"):
        read_kitti_semantics(semantics)[1].known("labels")


def test_a_truncated_image_is_named(semantics):
    file = semantics / "training" / "image_2" / "000001_10.png"
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(ValueError, match=r"image_2/000001_10.png is damaged"):
        read_kitti_semantics(semantics)[1].image("current")


def test_wrong_folders_and_splits_are_refused(semantics):
    with pytest.raises(ValueError, match=r"must have training/image_2 with .*; it has data_semant"):
        read_kitti_semantics(semantics.parent)
    with pytest.raises(ValueError, match=r"split of KITTI semantics must be .*, got 'val'"):
        read_kitti_semantics(semantics, split="val")
    (semantics / "testing" / "image_2").mkdir(parents=True)
    with pytest.raises(ValueError, match=r"image_2 must hold images called .*; it is empty"):
        read_kitti_semantics(semantics, split="testing")
