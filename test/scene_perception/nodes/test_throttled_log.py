import pytest

from scene_perception.nodes.throttled_log import ThrottledLog


class Lines:
    """A logger that keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def warning(self, text: str) -> None:
        self.lines.append(f"WARN {text}")

    def error(self, text: str) -> None:
        self.lines.append(f"ERROR {text}")


@pytest.fixture
def lines() -> Lines:
    return Lines()


def test_the_first_line_of_each_subject_is_written_at_once(lines: Lines) -> None:
    throttled = ThrottledLog(lines, 5.0, clock=lambda: 0.0)
    throttled.error("bad_image", "no pixels")
    throttled.warning("no_camera_info", "none yet")
    assert lines.lines == ["ERROR no pixels", "WARN none yet"]


def test_a_repeated_subject_is_written_once_a_period_with_what_was_left_out(lines: Lines) -> None:
    now = [0.0]
    throttled = ThrottledLog(lines, 5.0, clock=lambda: now[0])
    for second in range(6):
        now[0] = float(second)
        throttled.error("bad_image", "no pixels")
    assert lines.lines == ["ERROR no pixels", "ERROR no pixels (4 more like this)"]
