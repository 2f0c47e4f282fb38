import dataclasses
import json

import pytest

from offline.model_card import Measured, TrainedPart, model_card, read_measured
from offline.training.history import Slice

SLICES = (
    Slice("2026-11-21", 0, 100, 60.0, "a processor", "2.13.0", 1),
    Slice("2026-11-22", 100, 300, 180.0, "a processor", "2.13.0", 1),
)
PART = TrainedPart("dsnet.", "supervised", "synthetic 0-9", "python x", (128, 384), 300, 4, SLICES)


def test_card_sums_the_time_and_names_each_hardware_once():
    card = model_card("omeganet", [PART], [], "## Failures\n\nMany.")
    assert "| time | 4 min in 2 slices |" in card
    assert "| hardware | a processor |" in card
    assert "| date | 2026-11-21 to 2026-11-22 |" in card
    assert "| made | 300 steps of 4 samples, 128x384 px |" in card
    assert card.endswith("Many.\n")


def test_card_of_a_run_that_was_not_finished_says_so():
    card = model_card("omeganet", [dataclasses.replace(PART, steps=500)], [], "")
    assert "| made | 300 steps (the schedule has 500) of 4 samples, 128x384 px |" in card


def test_card_has_every_figure_and_what_it_was_measured_on():
    measured = Measured("flow", {"data set": "generated", "crop": ""}, {"epe": 1.23456, "fl": None})
    card = model_card("omeganet", [PART], [measured], "")
    assert "**flow** (data set generated)" in card
    assert "| epe | 1.235 |" in card
    assert "| fl | not defined |" in card


def test_reports_are_read(tmp_path):
    report = {"task": "depth", "settings": {"a": "b"}, "figures": {"a1": 0.5}, "skipped": []}
    (tmp_path / "depth.json").write_text(json.dumps(report))
    assert read_measured(tmp_path / "depth.json").figures == {"a1": 0.5}


def test_file_that_is_no_report_is_refused(tmp_path):
    (tmp_path / "x.json").write_text('{"task": "depth"}')
    with pytest.raises(ValueError, match=r"x\.json must be a report"):
        read_measured(tmp_path / "x.json")
