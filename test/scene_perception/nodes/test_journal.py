import pytest

from scene_perception.nodes.journal import Journal
from scene_perception.nodes.statistics import Statistics
from scene_perception.nodes.throttled_log import ThrottledLog


class Lines:
    """A logger that keeps the errors it is told."""

    def __init__(self) -> None:
        self.errors: list[str] = []

    def error(self, text: str) -> None:
        self.errors.append(text)


@pytest.fixture
def lines() -> Lines:
    return Lines()


@pytest.fixture
def journal(lines: Lines) -> Journal:
    return Journal(Statistics(), ThrottledLog(lines))


def test_a_refusal_is_counted_each_time_and_named_once_a_period(
    journal: Journal, lines: Lines
) -> None:
    journal.refuse("bad_image", "encoding must be known")
    journal.refuse("bad_image", "encoding must be known")
    assert journal.statistics.total("bad_image") == 2
    assert lines.errors == ["bad_image: encoding must be known"]


def test_surviving_turns_an_exception_into_a_count_and_a_traceback(
    journal: Journal, lines: Lines
) -> None:
    with journal.surviving("engine_error"):
        raise RuntimeError("out of memory")
    assert journal.statistics.total("engine_error") == 1
    assert lines.errors[0].startswith("engine_error: Traceback")
    assert "RuntimeError: out of memory" in lines.errors[0]


def test_a_stage_that_raises_is_not_timed(journal: Journal) -> None:
    with journal.surviving("engine_error"), journal.timed("process"):
        raise RuntimeError("out of memory")
    with journal.timed("publish"):
        pass
    assert set(journal.statistics.snapshot().latencies) == {"publish"}


def test_what_fails_after_ros_has_ended_is_no_fault(lines: Lines) -> None:
    journal = Journal(Statistics(), ThrottledLog(lines), ended=lambda: True)
    with journal.surviving("publish_error"):
        raise RuntimeError("publisher's context is invalid")
    assert lines.errors == []
    assert journal.statistics.total("publish_error") == 0
