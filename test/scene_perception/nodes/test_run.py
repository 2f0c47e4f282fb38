from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import sys, time
from rclpy.node import Node
from scene_perception.nodes.run import run

class Worker(Node):
    def __init__(self):
        if "refuse" in sys.argv:
            raise ValueError("speed must be > 0, got -1")
        super().__init__("worker")

    def work(self, executor):
        if "fail" in sys.argv:
            raise ValueError("disk is full")
        if "crash" in sys.argv:
            raise RuntimeError("a bug")
        print("at work", flush=True)
        while "wait" in sys.argv:
            executor.spin_once()

    def finish(self):
        time.sleep(0.2)
        print("finished", flush=True)
        if "late" in sys.argv:
            raise ValueError("nothing was written")

sys.exit(run(Worker, ["worker", "--ros-args", "-p", "bad"] if "arguments" in sys.argv else []))
"""


def start(script: Path, *words: str) -> subprocess.Popen:
    script.write_text(SCRIPT)
    return subprocess.Popen(
        [sys.executable, str(script), *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ,
    )


@pytest.mark.parametrize(
    ("word", "status", "output", "errors"),
    [
        ("", 0, "at work\nfinished\n", ""),
        ("refuse", 2, "", "error: speed must be > 0, got -1\n"),
        ("fail", 2, "finished\n", "error: disk is full\n"),
        ("late", 2, "at work\nfinished\n", "error: nothing was written\n"),
    ],
)
def test_the_work_is_completed_and_problems_are_one_line(tmp_path, word, status, output, errors):
    with start(tmp_path / "worker.py", word) as process:
        assert process.communicate(timeout=30) == (output, errors)
    assert process.returncode == status


def test_wrong_ros_arguments_are_reported(tmp_path):
    with start(tmp_path / "worker.py", "arguments") as process:
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 2
    assert "error: ROS does not start: " in errors
    assert "Traceback" not in errors


def test_a_bug_is_not_hidden(tmp_path):
    with start(tmp_path / "worker.py", "crash") as process:
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "RuntimeError: a bug" in errors


@pytest.mark.parametrize("signals", [[signal.SIGINT] * 2, [signal.SIGTERM]])
def test_an_interrupt_lets_the_node_finish_even_if_it_comes_twice(tmp_path, signals):
    with start(tmp_path / "worker.py", "wait") as process:
        assert process.stdout.readline() == "at work\n"
        for number in signals:
            process.send_signal(number)
        assert process.communicate(timeout=30) == ("finished\n", "")
    assert process.returncode == 0
