"""Several processes, one cache: kills, a full disk and equal requests at one time."""

import json
import os
import subprocess
import sys
from contextlib import contextmanager

import pytest

from scene_perception.engines.cache import EngineCache

KEY = {"part": "dsnet", "backend": "openvino"}

# Says "building", waits to be told to go on, and says what came of it.
NODE = """
import json, os, sys
from pathlib import Path
from scene_perception.engines.cache import EngineCache

def make(folder):
    (folder / "first.bin").write_bytes(bytes(100_000))
    print("building", flush=True)
    sys.stdin.readline()
    (folder / "second.bin").write_bytes(b"done")

if len(sys.argv) > 3:
    os.setuid(int(sys.argv[3]))
cache = EngineCache(Path(sys.argv[1]))
folder = cache.folder(json.loads(sys.argv[2]), make)
whole = (folder / "second.bin").read_bytes() == b"done"
print(json.dumps([str(folder), whole, cache.warnings]), flush=True)
"""


class Node:
    def __init__(self, process):
        self.process = process

    def said(self):
        return self.process.stdout.readline().strip()

    def go_on(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def result(self):
        folder, whole, warnings = json.loads(self.said())
        assert whole
        return folder, warnings


@contextmanager
def _node(root, key=KEY, *arguments):
    command = [sys.executable, "-c", NODE, str(root), json.dumps(key), *arguments]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as process:
        try:
            yield Node(process)
        finally:
            process.kill()


def test_a_build_that_is_killed_half_way_leaves_a_working_cache(tmp_path):
    with _node(tmp_path) as killed:
        assert killed.said() == "building"
        killed.process.kill()
        killed.process.wait()
    assert len([*tmp_path.glob("*/*.partial/first.bin")]) == 1
    assert EngineCache(tmp_path).find(KEY) is None
    assert [*tmp_path.glob("*/*.partial")] == []
    with _node(tmp_path) as node:
        assert node.said() == "building"
        node.go_on()
        folder, warnings = node.result()
    assert warnings == []
    assert str(EngineCache(tmp_path).find(KEY)) == folder


def test_of_two_nodes_that_start_at_once_one_builds_and_both_work(tmp_path):
    with _node(tmp_path) as first, _node(tmp_path) as second:
        readers = {first.process.stdout: first, second.process.stdout: second}
        builder = _first_to_speak(readers)
        waiter = second if builder is first else first
        assert builder.said() == "building"
        builder.go_on()
        assert builder.result() == waiter.result()


def test_a_builder_is_not_swept_away_by_one_that_starts(tmp_path):
    with _node(tmp_path) as builder:
        assert builder.said() == "building"
        EngineCache(tmp_path)
        builder.go_on()
        folder, warnings = builder.result()
    assert warnings == []
    assert folder.startswith(str(tmp_path))


def test_when_the_builder_is_killed_the_one_that_waits_builds(tmp_path):
    with _node(tmp_path) as first:
        assert first.said() == "building"
        with _node(tmp_path) as second:
            first.process.kill()
            assert second.said() == "building"
            second.go_on()
            assert second.result()[1] == []


def test_different_engines_are_built_side_by_side(tmp_path):
    with _node(tmp_path) as first, _node(tmp_path, {**KEY, "part": "semantics"}) as second:
        assert first.said() == second.said() == "building"
        for node in (first, second):
            node.go_on()
        assert first.result() != second.result()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_user_who_can_only_read_uses_what_is_there_and_else_a_temporary_folder(tmp_path):
    root = tmp_path / "cache"
    made = EngineCache(root).folder(KEY, lambda folder: (folder / "second.bin").write_text("done"))
    shared = root.parent
    while shared.stat().st_uid == os.geteuid() and shared != shared.parent:
        if not shared.stat().st_mode & 1:
            shared.chmod(0o755)
        shared = shared.parent
    with _node(root, KEY, "65534") as reader:
        assert reader.result() == (str(made), [])
    with _node(root, {**KEY, "part": "semantics"}, "65534") as builder:
        assert builder.said() == "building"
        builder.go_on()
        folder, (warning,) = builder.result()
    assert not folder.startswith(str(root))
    assert "Permission denied" in warning


# Replaces an engine again and again.
REPLACE = """
import json, os, sys
from pathlib import Path
from scene_perception.engines.cache import EngineCache

cache = EngineCache(Path(sys.argv[1]))
for count in range(25):
    cache.drop(json.loads(sys.argv[2]))
    cache.folder(json.loads(sys.argv[2]), lambda folder: [
        (folder / name).write_bytes(count.to_bytes(4, "big") * 10_000) for name in "abc"])
"""


def test_who_reads_while_an_engine_is_replaced_gets_one_of_one_piece_or_none(tmp_path):
    reader, seen = EngineCache(tmp_path), set()
    command = [sys.executable, "-c", REPLACE, str(tmp_path), json.dumps(KEY)]
    with subprocess.Popen(command) as writer:
        while writer.poll() is None:
            folder = reader.find(KEY)
            if folder is not None:
                contents = {path.read_bytes() for path in folder.iterdir()}
                assert len(contents) == 1
                seen |= contents
    assert writer.returncode == 0
    assert reader.warnings == []
    assert len(seen) > 1


def _first_to_speak(nodes):
    import select

    ready, _, _ = select.select([*nodes], [], [], 60.0)
    return nodes[ready[0]]
