from __future__ import annotations

import cv2
import numpy as np
import pytest

from offline.datasets.label_maps import (
    CAMVID,
    IDS,
    camvid_train_ids,
    ids_of,
    nearest_train_ids,
    read_labels,
    read_train_ids,
    train_ids,
)
from scene_perception.cityscapes import CLASSES


def ids(*values: int) -> np.ndarray:
    return np.array([values], np.uint8)


def test_ids_become_train_ids_and_the_others_void():
    assert train_ids(ids(7, 8, 26, 33)).tolist() == [[0, 1, 13, 18]]
    # Unlabelled, parking, bridge, caravan, trailer; beyond the last; a licence plate's -1.
    assert train_ids(ids(0, 9, 15, 29, 30, 34, 255)).tolist() == [[255] * 7]


def test_sgdepth_takes_an_unknown_id_for_the_nearest():
    assert nearest_train_ids(ids(34, 255, 0, 29, 11)).tolist() == [[18, 18, 255, 255, 2]]


def test_train_ids_go_back_to_ids():
    every = np.arange(len(CLASSES), dtype=np.uint8)
    assert ids_of(every).tolist() == list(IDS)
    np.testing.assert_array_equal(train_ids(ids_of(every)), every)
    assert ids_of(ids(255)).tolist() == [[0]]


def test_camvid_classes_become_train_ids():
    names = [CLASSES[label].name for label in CAMVID]
    assert names == [
        "sky",
        "building",
        "pole",
        "road",
        "sidewalk",
        "vegetation",
        "traffic sign",
        "fence",
        "car",
        "person",
        "bicycle",
    ]
    assert camvid_train_ids(ids(0, 3, 8, 11)).tolist() == [[10, 0, 13, 255]]


def test_a_class_that_camvid_does_not_have_is_refused():
    with pytest.raises(ValueError, match=r"CamVid labels must be 0 ... 11, .* got 12"):
        camvid_train_ids(ids(0, 12))


def test_maps_are_read_from_grey_files(tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), ids(7, 255))
    assert read_labels(tmp_path / "a.png").tolist() == [[7, 255]]
    assert read_train_ids(tmp_path / "a.png").tolist() == [[0, 255]]


def test_a_colour_picture_of_labels_is_refused(tmp_path):
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((2, 2, 3), np.uint8))
    with pytest.raises(ValueError, match=r"a.png must be an 8-bit PNG of one channel"):
        read_labels(tmp_path / "a.png")
