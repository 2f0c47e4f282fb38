from __future__ import annotations

import numpy as np
import pytest
import torch

from offline.synthetic.samples import sample_of
from offline.synthetic.shards import Shards, write_shards


@pytest.fixture
def samples(some_triplets):
    triplets = some_triplets(5)
    return [(f"street {seed}", sample_of(triplets, seed)) for seed in triplets.seeds]


def test_samples_come_back_exactly_whatever_file_they_are_in(samples, tmp_path):
    paths = list(write_shards(samples, tmp_path / "a", per_file=2))
    assert [path.name for path in paths] == [f"shard_00000{n}.npz" for n in range(3)]
    shards = Shards(tmp_path / "a")
    assert len(shards) == 5
    for index in (4, 0, 3):
        name, expected = samples[index]
        assert shards.name(index) == name
        found = shards[index]
        assert set(found) == set(expected)
        for key, value in expected.items():
            assert torch.equal(found[key], value), key
            assert found[key].dtype == value.dtype, key


def test_a_second_run_adds_files(samples, tmp_path):
    list(write_shards(samples[:2], tmp_path))
    list(write_shards(samples[2:3], tmp_path))
    assert [Shards(tmp_path).name(index) for index in range(3)] == ["street 0", "street 1",
                                                                   "street 2"]  # fmt: skip


def test_files_are_whole_as_soon_as_they_are_told(samples, tmp_path):
    writing = write_shards(samples, tmp_path, per_file=2)
    next(writing)
    assert len(Shards(tmp_path)) == 2


def test_numbers_of_many_things_are_kept(samples, tmp_path):
    sample = dict(samples[0][1])
    sample["instances"] = torch.full((4, 4), 70_000, dtype=torch.int32)
    list(write_shards([("a", sample)], tmp_path))
    assert torch.equal(Shards(tmp_path)[0]["instances"], sample["instances"])


def test_images_that_are_not_8_bit_are_refused(samples, tmp_path):
    sample = dict(samples[0][1], current=torch.full((3, 4, 4), 0.3333))
    with pytest.raises(ValueError, match="'current' of a shard must be in steps of 1/255"):
        list(write_shards([("a", sample)], tmp_path))


def test_what_is_not_there_is_refused(samples, tmp_path):
    with pytest.raises(ValueError, match=r"has none; python -m offline\.generate"):
        Shards(tmp_path)
    list(write_shards(samples, tmp_path))
    with pytest.raises(ValueError, match=r"must be 0 \.\.\. 4, got 5"):
        Shards(tmp_path)[5]
    with pytest.raises(ValueError, match="at least 1, got 0"):
        list(write_shards(samples, tmp_path, per_file=0))


@pytest.mark.parametrize("damage", ["cut", "other", "changed"])
def test_a_damaged_file_is_named(samples, tmp_path, damage):
    (path,) = write_shards(samples, tmp_path)
    data = bytearray(path.read_bytes())
    if damage == "changed":
        shards = Shards(tmp_path)
        data[2000:2400] = bytes(400)
        path.write_bytes(data)
        with pytest.raises(ValueError, match=r"shard_000000.npz cannot be read as a shard"):
            [shards[index] for index in range(5)]
        return
    if damage == "cut":
        path.write_bytes(data[: len(data) // 2])
    else:
        np.savez(path, other=np.zeros(3))
    with pytest.raises(ValueError, match=r"shard_000000.npz cannot be read as a shard"):
        Shards(tmp_path)


def test_tensors_that_nobody_reads_stay_on_disk(samples, tmp_path):
    list(write_shards(samples[:1], tmp_path))
    assert set(Shards(tmp_path).read(0, {"depth", "moving", "camel"})) == {"depth", "moving"}
