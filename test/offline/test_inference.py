from __future__ import annotations

import pytest

from offline.inference import Job, run_jobs


def jobs(log: list[str], *, missing: int = -1) -> list[Job]:
    def load(number: int) -> str:
        log.append(f"load {number}")
        if number == missing:
            raise ValueError(f"image {number} cannot be read")
        return f"input {number}"

    return [
        Job(n, lambda n=n: load(n), lambda loaded: log.append(f"infer {loaded}")) for n in range(3)
    ]


def test_nothing_is_read_before_its_turn():
    log: list[str] = []
    assert run_jobs(jobs(log), skip_missing=False).written == [0, 1, 2]
    assert log == [entry for n in range(3) for entry in (f"load {n}", f"infer input {n}")]


def test_what_cannot_be_read_ends_the_run():
    log: list[str] = []
    with pytest.raises(ValueError, match="image 1 cannot be read"):
        run_jobs(jobs(log, missing=1), skip_missing=False)
    assert log[-1] == "load 1"


def test_what_cannot_be_read_can_be_passed_over_and_is_named(capsys):
    done = run_jobs(jobs([], missing=1), skip_missing=True)
    assert (done.written, done.skipped) == ([0, 2], ["image 1 cannot be read"])
    assert "skipped 000001: image 1 cannot be read" in capsys.readouterr().err


def test_a_failure_after_reading_is_never_passed_over():
    def infer(_: object) -> None:
        raise ValueError("does not fit")

    with pytest.raises(ValueError, match="does not fit"):
        run_jobs([Job(0, lambda: None, infer)], skip_missing=True)
