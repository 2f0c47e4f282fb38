from __future__ import annotations

import pytest

from offline import infer
from offline.inference import Done, Job, Model


@pytest.fixture
def written(monkeypatch) -> list[int]:
    """Numbers that a model of four jobs has inferred; its second one's input is missing."""
    numbers: list[int] = []

    def load(number: int) -> int:
        if number == 1:
            raise ValueError("image 000001_10.png cannot be read")
        return number

    made = [Job(n, lambda n=n: load(n), numbers.append) for n in range(4)]
    model = Model("a stand-in", lambda parser: None, lambda options: made)
    monkeypatch.setattr(infer, "MODELS", {"stand_in": model})
    return numbers


def run(tmp_path, *more: str) -> int:
    return infer.main(["stand_in", "--output", str(tmp_path), "--random-weights", *more])


def test_a_missing_input_ends_the_run_with_its_name(written, tmp_path, capsys):
    assert run(tmp_path) == 2
    assert written == [0]
    assert "error: image 000001_10.png cannot be read" in capsys.readouterr().err


def test_a_missing_input_can_be_passed_over(written, tmp_path, capsys):
    assert run(tmp_path, "--skip-missing") == 0
    assert written == [0, 2, 3]
    said = capsys.readouterr()
    assert "3 frames written" in said.out
    assert "1 skipped" in said.out
    assert "there is no 000001" in said.out
    assert "RANDOM WEIGHTS" in said.err


def test_the_number_of_frames_can_be_limited(written, tmp_path):
    assert run(tmp_path, "--limit", "1") == 0
    assert written == [0]


def test_a_run_that_wrote_nothing_has_failed(written, tmp_path, monkeypatch):
    broken = Model("", lambda parser: None, lambda options: [])
    monkeypatch.setattr(infer, "MODELS", {"stand_in": broken})
    assert run(tmp_path) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--limit", "0"], "--limit must be at least 1"),
        (["--weights", "w.safetensors"], "either --weights W.safetensors or --random-weights"),
    ],
)
def test_options_that_make_no_sense_are_refused(written, tmp_path, capsys, arguments, message):
    with pytest.raises(SystemExit):
        run(tmp_path, *arguments)
    assert message in capsys.readouterr().err


def test_a_long_list_of_gaps_is_cut_off(tmp_path):
    line = infer.report(Done(written=[0, 9]), tmp_path)[-1]
    assert line.endswith("there is no 000001, 000002, 000003, 000004, 000005, ...")


def test_a_whole_split_has_no_gaps(tmp_path):
    assert infer.report(Done(written=[0, 1, 2]), tmp_path) == [f"3 frames written to {tmp_path}"]
