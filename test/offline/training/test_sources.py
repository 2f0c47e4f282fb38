"""Worlds, shards and data sets come out under the names of a batch."""

import cv2
import numpy as np
import pytest
import torch

from offline.synthetic.settings import WorldSettings
from offline.synthetic.shards import write_shards
from offline.training.config import DatasetData, ShardData, SyntheticData
from offline.training.sources import open_source

CPU = torch.device("cpu")


def test_a_world_is_drawn_for_each_seed():
    data = SyntheticData(seeds="7-9", world=WorldSettings(height=32, width=64))
    source = open_source(data, CPU, ())
    (sample, name), (again, _) = (source.finish([source.begin(1)])[0] for _ in range(2))
    assert (len(source), name) == (3, "street 8")
    assert sample["current"].shape == (3, 32, 64)
    assert all(torch.equal(again[key], value) for key, value in sample.items())


def test_shards_come_out_as_they_were_written(tmp_path, tiny_samples):
    small = {"labels": tiny_samples[0]["labels"], "depth": tiny_samples[0]["depth"]}
    list(write_shards([("tiny", small)], tmp_path))
    source = open_source(ShardData(folder=str(tmp_path)), CPU, ())
    sample, name = source.begin(0)
    assert name == "tiny"
    assert torch.equal(sample["depth"], small["depth"])


@pytest.fixture
def camvid(tmp_path):
    for folder in ("train", "train_labels"):
        (tmp_path / folder).mkdir()
    image = np.full((6, 8, 3), (0, 0, 255), np.uint8)
    classes = np.full((6, 8), 3, np.uint8)  # road
    classes[0] = 11
    cv2.imwrite(str(tmp_path / "train" / "a.png"), image)
    cv2.imwrite(str(tmp_path / "train_labels" / "a.png"), classes)
    return tmp_path


def test_camvid_gives_train_ids_and_void(camvid):
    data = DatasetData(dataset="camvid", folder=str(camvid), split="train")
    sample, name = open_source(data, CPU, ("previous", "current", "next")).begin(0)
    assert (name, set(sample)) == ("a", {"current", "labels"})
    assert sample["current"][:, 0, 0].tolist() == [1.0, 0.0, 0.0]
    assert sample["labels"][0].unique().tolist() == [255]
    assert sample["labels"][1:].unique().tolist() == [0]


def test_given_intrinsics_belong_to_every_sample(camvid):
    data = DatasetData(
        dataset="camvid", folder=str(camvid), split="train", intrinsics=(10.0, 11.0, 4.0, 3.0)
    )
    sample, _ = open_source(data, CPU, ()).begin(0)
    assert sample["intrinsics"].tolist() == [[10, 0, 4], [0, 11, 3], [0, 0, 1]]


def test_kitti_odometry_has_intrinsics_and_the_way_to_the_next_frame(shared):
    folder = shared / "data" / "kitti" / "odometry"
    data = DatasetData(dataset="kitti_odometry", folder=str(folder))
    source = open_source(data, CPU, ("previous", "current", "next"))
    sample, _ = source.begin(0)
    assert {"previous", "current", "next", "intrinsics", "next_from_current"} <= set(sample)
    assert sample["next_from_current"][2, 3] < 0  # points come nearer as the car drives on
