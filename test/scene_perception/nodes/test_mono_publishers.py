import json

import pytest

from scene_perception.frame import MetricScale
from scene_perception.nodes.mono_publishers import log_unit, unit_message


class Lines:
    """A logger that keeps what it is told, with its level."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    def info(self, text: str) -> None:
        self.lines.append(("info", text))

    def warning(self, text: str) -> None:
        self.lines.append(("warning", text))


def test_metric_depth_is_in_metres_with_source_and_factor() -> None:
    told = json.loads(unit_message(MetricScale(2.5, "camera_height", is_metric=True)).data)
    assert told == {"unit": "m", "source": "camera_height", "factor": 2.5}


def test_relative_depth_has_neither_unit_nor_factor() -> None:
    told = json.loads(unit_message(MetricScale(1.0, "odometry")).data)
    assert told == {"unit": "relative", "source": "odometry", "factor": None}


@pytest.mark.parametrize(
    ("scale", "level", "words"),
    [
        (MetricScale(), "warning", "set scale.source to fixed, camera_height or odometry"),
        (MetricScale(1.0, "odometry"), "warning", "until scale.source odometry has been measured"),
        (MetricScale(2.0, "fixed", is_metric=True), "info", "from fixed: 2 m per unit"),
    ],
)
def test_the_log_says_what_depth_is_measured_in(scale: MetricScale, level: str, words: str) -> None:
    lines = Lines()
    log_unit(lines, scale)
    assert lines.lines[0][0] == level
    assert words in lines.lines[0][1]
