"""What the demo tells of a drive's errors."""

from __future__ import annotations

import math

from offline.demo_errors import told


def test_each_task_is_told_by_its_figures_and_units() -> None:
    errors = {
        "flow": {"epe_occ": 1.23456, "fl_all_occ": 7.5, "epe_noc": 1.0},
        "depth": {"abs_rel": 0.1, "a1": 0.9},
    }
    assert told(errors) == ["depth: abs_rel 0.1, a1 0.9", "flow: epe_occ 1.23 px, fl_all_occ 7.5 %"]


def test_a_figure_that_there_is_not_is_told_as_such() -> None:
    assert told({"motion": {"iou_moving": math.nan}}) == ["motion: iou_moving not defined"]
