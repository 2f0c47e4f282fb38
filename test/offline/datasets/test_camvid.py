from __future__ import annotations

import cv2
import numpy as np
import pytest

from offline.datasets.camvid import read_camvid


@pytest.fixture(params=["val_labels", "valannot"])
def camvid(request, tmp_path):
    """Two images of 16x8 px whose labels are 8 (car) and 11 (unlabelled)."""
    for folder in ("val", request.param):
        (tmp_path / folder).mkdir()
    for index in range(2):
        name = f"0016E5_{index:05d}.png"
        cv2.imwrite(str(tmp_path / "val" / name), np.full((8, 16, 3), index, np.uint8))
        labels = np.full((8, 16), 8, np.uint8)
        labels[0] = 11
        cv2.imwrite(str(tmp_path / request.param / name), labels)
    return tmp_path


def test_images_come_with_train_ids(camvid):
    samples = read_camvid(camvid)
    assert [(sample.name, sample.sequence) for sample in samples] == [
        ("0016E5_00000", "0016E5"),
        ("0016E5_00001", "0016E5"),
    ]
    assert samples[1].image("current")[0, 0, 0] == 1
    assert samples[1].known("labels")[:2, 0].tolist() == [255, 13]


def test_labels_of_other_classes_are_named(camvid):
    folder = next(path for path in camvid.iterdir() if path.name != "val")
    cv2.imwrite(str(folder / "0016E5_00001.png"), np.full((8, 16), 31, np.uint8))
    with pytest.raises(ValueError, match=r"0016E5_00001.png: CamVid labels must be 0 ... 11"):
        read_camvid(camvid)[1].known("labels")


def test_a_missing_label_map_is_named(camvid):
    folder = next(path for path in camvid.iterdir() if path.name != "val")
    (folder / "0016E5_00001.png").unlink()
    with pytest.raises(ValueError, match=r"sample 0016E5_00001: \S*00001.png cannot be read"):
        read_camvid(camvid)[1].known("labels")


def test_a_wrong_root_is_told_what_it_must_have(camvid):
    with pytest.raises(ValueError, match=r"CamVid folder .* must have train with .*; it has val"):
        read_camvid(camvid, split="train")


def test_the_extract_is_read(shared):
    root = shared / "data" / "camvid"
    if not root.is_dir():
        pytest.skip("needs ../shared/data/camvid")
    assert [len(read_camvid(root, split=split)) for split in ("train", "val")] == [367, 101]
    sample = read_camvid(root)[0]
    labels = sample.known("labels")
    assert labels.shape == sample.image("current").shape[:2] == (360, 480)
    # Sky at the top, road at the bottom of a street scene.
    assert (labels[:60] == 10).mean() > 0.1
    assert (labels[-60:] == 0).mean() > 0.5
