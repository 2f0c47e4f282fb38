"""The figures stand in a table, in files for programs and on a page for people."""

import csv
import dataclasses
import errno
import json
from pathlib import Path

import numpy as np
import pytest

from offline.evaluation.published import PublishedRow, measured_on, published_rows
from offline.evaluation.report import Report, Shown

PUBLISHED = PublishedRow(
    "depth", "m", "data, rules", "the <paper>", "its README", {"abs_rel": 0.117}
)


@pytest.fixture
def report():
    picture = np.zeros((20, 60, 3), np.uint8)
    return Report(
        task="depth",
        model="m",
        settings={"protocol": "garg & co"},
        figures={"abs_rel": 0.125, "a1": float("nan"), "frames": 2.0},
        frames={"a": {"abs_rel": 0.1}, "b": {"abs_rel": 1 / 3}},
        published=[PUBLISHED],
        skipped=["c: missing"],
        best=[Shown("a <1>", {"error": picture})],
    )


def test_the_table_has_the_published_figure_beside_ours(report):
    lines = report.table().splitlines()
    assert lines[0].split() == ["depth", "measured", "the", "<paper>"]
    assert lines[2].split() == ["abs_rel", "0.125", "0.117"]


def test_a_figure_that_is_not_defined_says_so(report, tmp_path):
    assert "not defined" in report.table()
    path = report.write(tmp_path)[0]
    assert json.loads(path.read_text())["figures"]["a1"] is None


def test_json_holds_figures_settings_and_what_was_skipped(report, tmp_path):
    written = json.loads(report.write(tmp_path / "new")[0].read_text())
    assert written["figures"]["abs_rel"] == 0.125
    assert written["settings"] == {"protocol": "garg & co"}
    assert written["skipped"] == ["c: missing"]


def test_csv_keeps_every_digit_of_every_frame(report, tmp_path):
    with report.write(tmp_path)[1].open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["sample"], float(row["abs_rel"])) for row in rows] == [("a", 0.1), ("b", 1 / 3)]


def test_a_report_that_cannot_be_written_leaves_the_old_one(report, tmp_path, monkeypatch):
    old = {path: path.read_bytes() for path in report.write(tmp_path)}

    def full(path, content):
        if "html" in path.name:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write_bytes(path, content)

    write_bytes = Path.write_bytes
    monkeypatch.setattr(Path, "write_bytes", full)
    changed = dataclasses.replace(report, skipped=())
    with pytest.raises(OSError, match=r"\.html cannot be written: No space left on device"):
        changed.write(tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == old


def test_the_page_is_whole_in_itself_and_escapes_what_it_shows(report, tmp_path):
    page = report.write(tmp_path)[2].read_text()
    assert "garg &amp; co" in page
    assert "the &lt;paper&gt;" in page
    assert "a &lt;1&gt;" in page
    assert 'src="data:image/jpeg;base64,' in page
    assert "1 samples were skipped" in page


def test_published_rows_are_those_of_the_model_the_task_and_the_same_data_and_rules():
    usual = measured_on("kitti_raw", "", "sgdepth")
    rows = published_rows("depth", "sgdepth", usual)
    assert [row.figures["abs_rel"] for row in rows] == [0.117, 0.113]
    assert published_rows("depth", "nobody", usual) == []
    assert published_rows("depth", "sgdepth", measured_on("kitti_object", "", "sgdepth")) == []
    assert published_rows("depth", "sgdepth", measured_on("kitti_raw", "x", "sgdepth")) == []
