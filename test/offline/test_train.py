"""``python -m offline.train``: what it says, and what it refuses."""

import pytest

from offline.train import main
from offline.training.config import config_text, default_config


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "run.yaml"
    path.write_text(config_text(default_config("supervised")))
    return path


def test_a_wrong_override_is_one_line(file, capsys):
    assert main(["--config", str(file), "batch_size=none"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line == f"error: {file}: batch_size must be a whole number, got 'none'"


def test_a_missing_file_is_one_line(tmp_path, capsys):
    assert main(["--config", str(tmp_path / "none.yaml")]) == 2
    assert "none.yaml does not exist" in capsys.readouterr().err


def test_an_output_that_cannot_be_written_is_told(file, tmp_path, capsys):
    (tmp_path / "taken").write_text("")
    assert main(["--config", str(file), "--output", str(tmp_path / "taken")]) == 2
    assert "give another --output" in capsys.readouterr().err


@pytest.mark.parametrize("minutes", ["0", "-1", "soon", "inf", "nan"])
def test_a_slice_of_no_time_is_refused(file, minutes, capsys):
    with pytest.raises(SystemExit):
        main(["--config", str(file), "--slice-minutes", minutes])
    assert "number of minutes above 0" in capsys.readouterr().err


def test_a_batch_that_cannot_be_dealt_is_refused(file, capsys, monkeypatch):
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("WORLD_SIZE", "3")
    assert main(["--config", str(file), "device=cpu"]) == 2
    told = capsys.readouterr().err
    assert "batch_size must be a multiple of the 3 processes, got 8 (process 1 of 3)" in told
