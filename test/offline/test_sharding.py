"""Every sample belongs to exactly one process, and results come back in order."""

import os

import pytest
import torch

from offline.sharding import Shard, joined, shard


def test_without_torchrun_one_process_does_everything(monkeypatch):
    monkeypatch.delenv("RANK", raising=False)
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    assert shard() == Shard(0, 1)
    assert list(shard().indices(3)) == [0, 1, 2]


def test_torchrun_says_which_process_this_is(monkeypatch):
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "3")
    assert shard() == Shard(1, 3)


def test_each_index_belongs_to_one_process():
    dealt = sorted(index for rank in range(3) for index in Shard(rank, 3).indices(8))
    assert dealt == list(range(8))


def test_a_single_process_gets_its_results_back_in_order():
    assert Shard().gather([(2, "c"), (0, "a")]) == [(0, "a"), (2, "c")]


@pytest.mark.parametrize(
    ("count", "visible", "taken"),
    [(4, None, "3"), (2, "5,7", "7"), (1, "5", "5"), (0, None, None)],
)
def test_each_process_of_a_machine_takes_its_own_gpu(monkeypatch, count, visible, taken):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
    monkeypatch.setattr(torch.distributed, "init_process_group", lambda *_, **__: None)
    monkeypatch.setattr(torch.distributed, "destroy_process_group", lambda: None)
    monkeypatch.setenv("LOCAL_RANK", "3")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible or "")
    if visible is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    with joined(Shard(3, 4)):
        assert os.environ.get("CUDA_VISIBLE_DEVICES") == taken


@pytest.mark.parametrize(("rank", "world"), [("", "2"), ("one", "2"), ("2", "2")])
def test_a_broken_environment_is_named(monkeypatch, rank, world):
    monkeypatch.setenv("RANK", rank)
    monkeypatch.setenv("WORLD_SIZE", world)
    with pytest.raises(ValueError, match="torchrun"):
        shard()
