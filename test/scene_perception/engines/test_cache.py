"""What is kept comes back as it was made, or is made again."""

import json
import logging
import os
import shutil
import time
from pathlib import Path

import pytest

from scene_perception.engines.cache import EngineCache, default_cache
from scene_perception.engines.file_lock import file_lock

KEY = {"part": "dsnet", "backend": "openvino", "precision": "float32", "weights": "abc"}
OTHER = {**KEY, "weights": "def"}


class Maker:
    """Writes an engine's files and counts how often."""

    def __init__(self, content=b"engine"):
        self.content, self.calls = content, 0

    def __call__(self, folder):
        self.calls += 1
        assert not any(folder.iterdir())
        (folder / "model.bin").write_bytes(self.content)
        (folder / "parts").mkdir()
        (folder / "parts" / "model.xml").write_bytes(b"<net/>")


@pytest.fixture
def root(tmp_path):
    return tmp_path / "cache" / "engines"


@pytest.fixture
def cache(root):
    return EngineCache(root)


def _again(root, key=KEY):
    """Ask a new process' cache; return how often it made the files and what it warned of."""
    maker, cache = Maker(), EngineCache(root)
    folder = cache.folder(key, maker)
    assert (folder / "model.bin").read_bytes() == b"engine"
    assert (folder / "parts" / "model.xml").read_bytes() == b"<net/>"
    assert folder.is_relative_to(root)
    return maker.calls, cache.warnings


def _entry(root):
    (entry,) = root.glob("*/entry.json")
    return entry


def test_files_are_made_once(root, cache):
    maker = Maker()
    assert cache.folder(KEY, maker) == cache.folder(KEY, maker)
    assert maker.calls == 1
    assert _again(root) == (0, [])


def test_an_entry_knows_how_long_it_took_and_how_big_it_is(cache):
    cache.folder(KEY, Maker(bytes(5000)))
    (entry,) = cache.entries()
    assert 0 < entry.seconds() < 60
    assert 5000 < entry.size() < 8000
    assert abs(entry.used_s() - time.time()) < 60


def test_nothing_is_written_before_something_is_kept(root):
    cache = EngineCache(root)
    assert cache.find(KEY) is None
    assert not root.exists()


def test_each_key_has_files_of_its_own(cache):
    first, second = cache.folder(KEY, Maker(b"one")), cache.folder(OTHER, Maker(b"two"))
    assert (first / "model.bin").read_bytes() == b"one"
    assert (second / "model.bin").read_bytes() == b"two"


def test_a_truncated_file_is_made_again(root, cache):
    with (cache.folder(KEY, Maker()) / "model.bin").open("r+b") as file:
        file.truncate(3)
    calls, warnings = _again(root)
    assert calls == 1
    assert "not used: changed model.bin" in warnings[0]
    assert len(warnings) == 1
    assert _again(root) == (0, [])


def test_a_flipped_bit_is_noticed_though_size_and_time_are_the_same(root, cache):
    path = cache.folder(KEY, Maker()) / "model.bin"
    times = path.stat()
    path.write_bytes(b"engind")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert _again(root)[0] == 1


def test_a_missing_file_and_one_too_many_are_noticed(root, cache):
    folder = cache.folder(KEY, Maker())
    (folder / "parts" / "model.xml").rename(folder / "parts" / "other.xml")
    calls, (warning,) = _again(root)
    assert calls == 1
    assert "missing parts/model.xml, unknown parts/other.xml" in warning


def test_a_lost_folder_is_noticed(root, cache):
    shutil.rmtree(cache.folder(KEY, lambda folder: None))
    assert cache.find(KEY) is None
    assert "its files are gone" in cache.warnings[0]


def test_files_copied_from_another_engine_are_not_loaded(root, cache):
    other = cache.folder(OTHER, Maker(b"other engine")).parent
    ours = cache.folder(KEY, Maker()).parent
    shutil.rmtree(ours)
    shutil.copytree(other, ours)
    calls, (warning,) = _again(root)
    assert calls == 1
    assert "another engine" in warning


@pytest.mark.parametrize(
    "text",
    [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"format": 1}'],
    ids=["empty", "cut", "list", "null", "binary", "short"],
)
def test_a_damaged_sidecar_is_made_again(root, cache, text):
    cache.folder(KEY, Maker())
    _entry(root).write_bytes(text)
    assert _again(root)[0] == 1


@pytest.mark.parametrize("build", ["../elsewhere", "/tmp", "..", "", None, 3])
def test_a_sidecar_leads_nowhere_else(root, cache, build):
    cache.folder(KEY, Maker())
    held = json.loads(_entry(root).read_bytes())
    _entry(root).write_text(json.dumps({**held, "build": build}))
    assert _again(root)[0] == 1


def test_a_key_that_was_edited_is_made_again(root, cache):
    cache.folder(KEY, Maker())
    held = json.loads(_entry(root).read_bytes())
    held["key"]["weights"] = "other"
    _entry(root).write_text(json.dumps(held))
    assert _again(root)[0] == 1


def test_an_error_of_the_maker_goes_through_and_leaves_nothing(root, cache):
    def fail(folder):
        (folder / "half").write_bytes(b"half")
        raise RuntimeError("dsnet: operator is missing")

    with pytest.raises(RuntimeError, match="operator is missing"):
        cache.folder(KEY, fail)
    assert cache.find(KEY) is None
    assert [path.name for path in root.glob("*/*")] == ["lock"]
    assert cache.warnings == []


def test_who_reads_a_build_that_is_replaced_can_go_on(root, cache):
    held = cache.folder(KEY, Maker())
    cache.drop(KEY)
    replaced = EngineCache(root).folder(KEY, Maker())
    assert replaced != held
    assert (held / "model.bin").read_bytes() == b"engine"


def test_a_build_that_was_replaced_is_removed_after_an_hour(root, cache):
    held = cache.folder(KEY, Maker())
    cache.drop(KEY)
    assert cache.find(KEY) is None
    os.utime(held, (time.time() - 3700,) * 2)
    EngineCache(root)
    assert not held.exists()


def test_the_current_build_is_never_swept_however_old(root, cache):
    held = cache.folder(KEY, Maker())
    os.utime(held, (0, 0))
    assert EngineCache(root).find(KEY) == held


def test_what_else_lies_in_the_folder_is_left_alone(root):
    mine = root / "thesis" / "0123456789abcdef.partial"
    mine.mkdir(parents=True)
    os.utime(mine, (0, 0))
    cache = EngineCache(root)
    cache.prune(lambda key: False, 0)
    assert [*root.glob("*/*")] == [mine]


def test_a_stuck_builder_is_named_and_gone_around(root):
    cache = EngineCache(root, patience_s=0.0)
    folder = cache.folder(KEY, Maker()).parent
    cache.drop(KEY)
    with file_lock(folder / "lock", 0.0, "building"):
        assert (cache.folder(KEY, Maker()) / "model.bin").is_file()
    (warning,) = cache.warnings
    assert f"process {os.getpid()} has been doing that" in warning
    assert "temporary folder" in warning


# Notes


def test_facts_are_kept_beside_the_files(root, cache):
    cache.folder(KEY, Maker())
    cache.note(KEY, "gate", {"passed": True, "worst": 1e-6})
    cache.note(KEY, "ms", 12.5)
    facts = {"gate": {"passed": True, "worst": 1e-6}, "ms": 12.5}
    assert EngineCache(root).notes(KEY) == facts
    assert EngineCache(root).notes(OTHER) == {}


def test_facts_go_with_their_files(root, cache):
    path = cache.folder(KEY, Maker()) / "model.bin"
    cache.note(KEY, "gate", "passed")
    path.write_bytes(b"tampered")
    cache.folder(KEY, Maker())
    assert cache.notes(KEY) == {}
    cache.note(KEY, "gate", "passed")
    cache.drop(KEY)
    assert cache.notes(KEY) == {}


def test_facts_about_no_files_hold_until_there_are_some(root, cache):
    cache.note(KEY, "fastest", "onnxruntime")
    assert EngineCache(root).notes(KEY) == {"fastest": "onnxruntime"}
    assert cache.find(KEY) is None
    maker = Maker()
    cache.folder(KEY, maker)
    assert maker.calls == 1
    assert cache.notes(KEY) == {}


@pytest.mark.parametrize("text", [b"", b"[]", b'{"notes": 3}', b'{"of": 1'])
def test_damaged_notes_are_no_notes(root, cache, text):
    cache.folder(KEY, Maker())
    cache.note(KEY, "gate", "passed")
    (notes,) = root.glob("*/notes.json")
    notes.write_bytes(text)
    assert cache.notes(KEY) == {}
    cache.note(KEY, "gate", "passed")
    assert EngineCache(root).notes(KEY) == {"gate": "passed"}


def test_notes_copied_from_another_engine_are_no_notes(root, cache):
    ours, other = (cache.folder(key, Maker()).parent for key in (KEY, OTHER))
    cache.note(OTHER, "gate", "passed")
    shutil.copy(other / "notes.json", ours)
    assert cache.notes(KEY) == {}


# A cache that cannot be written


def test_a_full_disk_is_said_and_the_engine_works_all_the_same(root, cache):
    def fill(folder):
        target = Path("/dev/full") if folder.is_relative_to(root) else folder / "model.bin"
        target.write_bytes(b"engine")

    folder = cache.folder(KEY, fill)
    assert (folder / "model.bin").read_bytes() == b"engine"
    (warning,) = cache.warnings
    assert "No space left on device" in warning
    assert "dsnet openvino float32 is kept in a temporary folder" in warning
    assert [path.name for path in root.glob("*/*")] == ["lock"]
    assert cache.folder(KEY, fill) == folder  # made once


def test_a_full_disk_that_a_library_hides_is_noticed(root, cache, monkeypatch):
    def full(folder):
        if folder.is_relative_to(root):
            Path("/dev/full").write_bytes(b"x")

    monkeypatch.setattr("scene_perception.engines.cache_entry.require_room", full)
    folder = cache.folder(KEY, Maker())
    assert not folder.is_relative_to(root)
    assert EngineCache(root).find(KEY) is None


def test_a_library_that_fails_on_a_full_disk_is_asked_again_elsewhere(root, cache, monkeypatch):
    def fill(folder):
        if folder.is_relative_to(root):
            raise RuntimeError("cannot serialise the network")
        Maker()(folder)

    def full(folder):
        if folder.is_relative_to(root):
            Path("/dev/full").write_bytes(b"x")

    monkeypatch.setattr("scene_perception.engines.cache_entry.require_room", full)
    assert (cache.folder(KEY, fill) / "model.bin").is_file()
    assert "No space left on device (cannot serialise the network)" in cache.warnings[0]


def test_a_cache_that_cannot_be_made_is_said_once(caplog):
    cache = EngineCache(Path("/proc/engines"))
    with caplog.at_level(logging.WARNING):
        folder = cache.folder(KEY, Maker())
        cache.folder(KEY, Maker())
    assert (folder / "model.bin").is_file()
    assert len(caplog.records) == 1
    assert "engine cache /proc/engines cannot be used" in caplog.text


def test_facts_about_temporary_files_stay_in_memory(root):
    cache = EngineCache(Path("/proc/engines"))
    cache.folder(KEY, Maker())
    cache.note(KEY, "gate", "passed")
    assert cache.notes(KEY) == {"gate": "passed"}
    cache.drop(KEY)
    assert cache.notes(KEY) == {}
    assert cache.find(KEY) is None


def test_temporary_files_go_with_the_cache():
    cache = EngineCache(Path("/proc/engines"))
    folder = cache.folder(KEY, Maker())
    del cache
    assert not folder.exists()


# Pruning


def test_what_does_not_fit_is_pruned(root, cache):
    kept = cache.folder(KEY, Maker())
    cache.folder(OTHER, Maker())
    pruned = cache.prune(lambda key: key["weights"] == "abc", 10**9)
    assert pruned.entries == 1
    assert pruned.size > 0
    assert [entry.key() for entry in cache.entries()] == [KEY]
    assert cache.find(KEY) == kept


def test_notes_without_files_are_pruned_by_their_key(root, cache):
    for key in (KEY, OTHER):
        cache.note(key, "fastest", "torch")
    assert cache.prune(lambda key: key["weights"] == "abc", 10**9).entries == 1
    assert (cache.notes(KEY), cache.notes(OTHER)) == ({"fastest": "torch"}, {})


def test_above_the_size_the_longest_unused_goes(root, cache):
    for age, key in ((300, KEY), (200, OTHER)):
        folder = cache.folder(key, Maker(bytes(10_000))).parent
        os.utime(folder / "entry.json", (time.time() - age,) * 2)
    cache.folder(KEY, Maker())  # used now
    assert cache.prune(lambda key: True, 15_000).entries == 1
    assert [entry.key() for entry in cache.entries()] == [KEY]


def test_an_unreadable_entry_is_pruned_and_one_being_built_is_not(root, cache):
    folder = cache.folder(KEY, Maker()).parent
    (folder / "entry.json").write_bytes(b"{")
    with file_lock(folder / "lock", 0.0, "building"):
        assert cache.prune(lambda key: True, 10**9) == (0, 0)
    assert cache.prune(lambda key: True, 10**9).entries == 1
    assert not folder.exists()


# Where


def test_the_default_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_cache() == tmp_path / "scene_perception" / "engines"
    monkeypatch.setenv("HOME", str(tmp_path))
    for unusable in ("", "relative"):
        monkeypatch.setenv("XDG_CACHE_HOME", unusable)
        assert default_cache() == tmp_path / ".cache/scene_perception/engines"
