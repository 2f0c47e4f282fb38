"""Every sample belongs to exactly one process, and results come back in order."""

import pytest

from offline.sharding import Shard, shard


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


@pytest.mark.parametrize(("rank", "world"), [("", "2"), ("one", "2"), ("2", "2")])
def test_a_broken_environment_is_named(monkeypatch, rank, world):
    monkeypatch.setenv("RANK", rank)
    monkeypatch.setenv("WORLD_SIZE", world)
    with pytest.raises(ValueError, match="torchrun"):
        shard()
