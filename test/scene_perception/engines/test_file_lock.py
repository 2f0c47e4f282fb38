"""A lock between processes: one holder, a named one, and none that is dead."""

import os
import subprocess
import sys
import threading
from contextlib import ExitStack

import pytest

from scene_perception.engines.file_lock import file_lock

HOLD = """
import sys
from pathlib import Path
from scene_perception.engines.file_lock import file_lock
with file_lock(Path(sys.argv[1]), 10.0, "building dsnet"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "lock"


@pytest.fixture
def holder(path):
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"held\n"
        yield process
        process.kill()


def test_who_waits_too_long_is_told_who_holds_it_and_what_to_do(path, holder):
    told = rf"building dsnet: process {holder.pid} .* more than 0 s .*kill {holder.pid}"
    with pytest.raises(TimeoutError, match=told), file_lock(path, 0.0, "building dsnet"):
        pass


def test_a_killed_holder_leaves_no_lock(path, holder):
    holder.kill()
    holder.wait()
    with file_lock(path, 0.0, "building dsnet"):
        pass


def test_who_waits_gets_it_when_the_holder_is_done(path, holder):
    threading.Timer(0.1, holder.stdin.close).start()
    with file_lock(path, 30.0, "building dsnet"):
        assert path.read_text() == str(os.getpid())


def test_threads_of_one_process_exclude_each_other(path):
    with file_lock(path, 0.0, "building"), pytest.raises(TimeoutError):
        ExitStack().enter_context(file_lock(path, 0.0, "building"))


def test_it_is_free_again_after_an_error(path):
    with pytest.raises(KeyError), file_lock(path, 0.0, "building"):
        raise KeyError
    with file_lock(path, 0.0, "building"):
        pass


def test_a_lock_whose_file_was_unlinked_excludes_nobody(path):
    with file_lock(path, 0.0, "pruning"):
        path.unlink()
        with file_lock(path, 1.0, "building"):
            assert path.is_file()


def test_an_unnamed_holder_is_found_with_fuser(path, holder):
    path.write_text("")
    with pytest.raises(TimeoutError, match=r"another process .*fuser"):
        ExitStack().enter_context(file_lock(path, 0.0, "building"))


def test_a_folder_that_is_missing_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        ExitStack().enter_context(file_lock(tmp_path / "missing" / "lock", 0.0, "building"))
