"""A command ends with a status and one line, alone or as one of several processes."""

import contextlib
import multiprocessing
import os
import signal
import socket
import sys

import pytest
import torch

from offline.command import run_shared
from offline.in_order import in_order


def fail(error):
    def work(_):
        raise error

    return work


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [
        (ValueError("x must be y"), 2, "error: x must be y\n"),
        (OSError("disk is full"), 2, "error: disk is full\n"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
    ],
)
def test_what_goes_wrong_is_one_line_and_a_status(capsys, error, status, told):
    assert run_shared(fail(error)) == status
    assert capsys.readouterr().err == told


def test_a_full_gpu_comes_with_advice(capsys):
    assert run_shared(fail(torch.OutOfMemoryError("out of memory"))) == 2
    assert "fewer --workers" in capsys.readouterr().err


def test_an_error_of_the_program_keeps_its_traceback():
    with pytest.raises(KeyError):
        run_shared(fail(KeyError("x")))


def test_one_process_that_fails_ends_the_others(monkeypatch, tmp_path):
    def work(share):
        if share.rank == 1:
            raise ValueError("x must be y")
        share.gather([])
        return 0

    def process(rank):
        with (tmp_path / f"{rank}.txt").open("w") as told, contextlib.redirect_stderr(told):
            monkeypatch.setenv("RANK", str(rank))
            sys.exit(run_shared(work))

    for name, value in (("WORLD_SIZE", "2"), ("MASTER_ADDR", "127.0.0.1"), ("MASTER_PORT", port())):
        monkeypatch.setenv(name, value)
    forked = multiprocessing.get_context("fork")
    processes = [forked.Process(target=process, args=(rank,)) for rank in range(2)]
    for one in processes:
        one.start()
    for one in processes:
        one.join(60)
    assert [one.exitcode for one in processes] == [2, 2]
    told = [(tmp_path / f"{rank}.txt").read_text() for rank in range(2)]
    assert "another one has ended; its own message says why (process 1 of 2)" in told[0]
    assert told[1] == "error: x must be y (process 2 of 2)\n"


def port():
    """Return a port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


def test_ctrl_c_does_not_wait_for_what_is_not_begun(capsys):
    begun = []

    def slow(item):
        begun.append(item)
        if item == 3:
            os.kill(os.getpid(), signal.SIGINT)

    def work(_):
        for _, result in in_order(range(10_000), slow, 2):
            result()
        return 0

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # shells ignore it behind "&"
    try:
        assert run_shared(work) == 130
    finally:
        signal.signal(signal.SIGINT, before)
    assert capsys.readouterr().err == "interrupted\n"
    assert len(begun) < 10_000
