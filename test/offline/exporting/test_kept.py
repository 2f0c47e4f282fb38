"""What the cache holds is told, and what nobody will ask for again is removed."""

import os
import time

import pytest

from offline.exporting.kept import entry_row, listed, pruned, up_to_date
from scene_perception.engines.backends import BACKENDS
from scene_perception.engines.cache import EngineCache
from scene_perception.engines.cache_key import sources_digest


def _key(**changed):
    versions = {f"version of {name}": text for name, text in BACKENDS["torch"].versions().items()}
    key = {"part": "dsnet", "backend": "torch", "precision": "float32",
           "inputs": '{"image": "[1, 3, 192, 640] float32", "labels": "[1, 192, 640] uint8"}',
           "sources": sources_digest(), **versions}  # fmt: skip
    return {**key, **changed}


def _write(folder):
    (folder / "model.bin").write_bytes(bytes(3 * 2**20))


@pytest.fixture
def cache(tmp_path):
    return EngineCache(tmp_path)


def test_an_entry_is_one_row(cache):
    cache.folder(_key(), _write)
    (entry,) = cache.entries()
    assert entry_row(entry) == (
        "dsnet", "torch", "float32", "640x192", "3.0 MiB", "0.0 s", "just now"
    )  # fmt: skip


def test_the_last_used_is_listed_first(cache, tmp_path):
    for part, hours in (("old", 3), ("new", 0)):
        sidecar = cache.folder(_key(part=part), _write).parent / "entry.json"
        os.utime(sidecar, (time.time() - hours * 3600,) * 2)
    heading, new, old, total = listed(cache)
    assert heading.split()[:3] == ["part", "backend", "precision"]
    assert (new.split()[0], old.split()[0]) == ("new", "old")
    assert old.endswith("3 h ago")
    assert total == f"2 entries, 6.0 MiB in {tmp_path}"


def test_an_empty_cache_is_listed_too(tmp_path):
    assert list(listed(EngineCache(tmp_path / "none")))[-1].startswith("0 entries, 0.0 MiB")


def test_a_damaged_entry_is_listed_as_such(cache):
    (cache.folder(_key(), _write).parent / "entry.json").write_bytes(b"{")
    (entry,) = cache.entries()
    assert entry_row(entry)[0] == "unreadable"


def test_todays_key_is_up_to_date():
    assert up_to_date(_key())


@pytest.mark.parametrize(
    "changed", [{"version of torch": "1.0"}, {"sources": "other"}, {"version of cuda": "9.0"}]
)
def test_a_key_of_another_version_is_not(changed):
    assert not up_to_date(_key(**changed))


def test_a_decision_of_no_single_backend_goes_by_its_sources():
    assert up_to_date({"part": "dsnet", "sources": sources_digest()})
    assert not up_to_date({"part": "dsnet"})


def test_what_is_out_of_date_is_removed(cache, tmp_path):
    cache.folder(_key(), _write)
    cache.folder(_key(sources="old"), _write)
    assert pruned(cache, 10**9) == (f"1 entries removed, 3.0 MiB; 3.0 MiB are left in {tmp_path}")
    assert cache.find(_key()) is not None
