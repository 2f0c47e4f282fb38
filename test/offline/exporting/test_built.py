"""A table says which engines were made now, which were there, and which need no files."""

import pytest

from offline.exporting.built import Watch
from scene_perception.engines.cache import EngineCache


def _key(part, **changed):
    return {"part": part, "backend": "openvino", "precision": "float32", **changed}


def _write(folder):
    (folder / "model.bin").write_bytes(bytes(2**20))


@pytest.fixture
def cache(tmp_path):
    return EngineCache(tmp_path)


def test_made_now_there_before_and_without_files(cache):
    cache.folder(_key("decoder"), _write)
    watch = Watch(cache)
    cache.folder(_key("decoder"), _write)
    cache.folder(_key("encoder"), _write)
    cache.note(_key("encoder"), "gate", "off by 1.0e-07")
    heading, *rows = [line.split("  ") for line in watch.lines(["encoder", "decoder", "tail"])]
    encoder, decoder, tail = [[cell.strip() for cell in row if cell] for row in rows]
    assert [cell.strip() for cell in heading if cell] == [
        "part",
        "backend",
        "size",
        "built",
        "gate",
    ]
    assert encoder == ["encoder", "openvino float32", "1.0 MiB", "in 0.0 s", "off by 1.0e-07"]
    assert decoder == ["decoder", "openvino float32", "1.0 MiB", "before"]
    assert tail == ["tail", "nothing to keep"]
    assert [entry.key()["part"] for entry in watch.made()] == ["encoder"]


def test_what_was_damaged_and_made_again_is_new(cache):
    (cache.folder(_key("encoder"), _write) / "model.bin").write_bytes(b"cut")
    watch = Watch(cache)
    cache.folder(_key("encoder"), _write)
    assert len(watch.made()) == 1
