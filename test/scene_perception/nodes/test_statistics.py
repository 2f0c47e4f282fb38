import pytest

from scene_perception.nodes.statistics import Statistics


class SteppedClock:
    """A steady clock that the test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


def test_ten_events_a_second_are_10_hz(clock: SteppedClock) -> None:
    statistics = Statistics(clock)
    for _ in range(21):
        statistics.mark("image")
        clock.now += 0.1
    assert statistics.snapshot().rates_hz["image"] == pytest.approx(10.0)


def test_the_rate_falls_while_nothing_comes_and_is_zero_after_the_window(
    clock: SteppedClock,
) -> None:
    statistics = Statistics(clock)
    for _ in range(11):
        statistics.mark("image")
        clock.now += 0.1
    clock.now += 1.9
    assert 3.0 < statistics.snapshot().rates_hz["image"] < 5.0
    clock.now += 5.0
    assert statistics.snapshot().rates_hz["image"] == 0.0


def test_latency_is_median_and_maximum_in_milliseconds(clock: SteppedClock) -> None:
    statistics = Statistics(clock)
    for milliseconds in (1, 2, 9):
        statistics.time("publish", milliseconds * 1_000_000)
    latency = statistics.snapshot().latencies["publish"]
    assert (latency.median_ms, latency.max_ms) == (2.0, 9.0)


def test_a_latency_older_than_the_window_is_forgotten(clock: SteppedClock) -> None:
    statistics = Statistics(clock)
    statistics.time("publish", 1_000_000)
    clock.now += 6.0
    assert "publish" not in statistics.snapshot().latencies


def test_recent_counts_only_what_came_since_the_last_snapshot(clock: SteppedClock) -> None:
    statistics = Statistics(clock)
    statistics.count("overwritten")
    statistics.snapshot()
    statistics.count("overwritten")
    statistics.count("bad_image")
    snapshot = statistics.snapshot()
    assert snapshot.counts == {"overwritten": 2, "bad_image": 1}
    assert snapshot.recent == {"overwritten": 1, "bad_image": 1}


def test_silence_counts_from_the_last_event_and_before_it_from_the_start(
    clock: SteppedClock,
) -> None:
    statistics = Statistics(clock)
    clock.now += 3.0
    assert statistics.silence_s("image") == pytest.approx(3.0)
    statistics.mark("image")
    clock.now += 2.0
    assert statistics.silence_s("image") == pytest.approx(2.0)


def test_restarting_forgets_times_and_keeps_counts(clock: SteppedClock) -> None:
    statistics = Statistics(clock)
    statistics.mark("image")
    statistics.count("overwritten")
    clock.now += 3.0
    statistics.restart()
    assert statistics.silence_s("image") == 0.0
    assert statistics.snapshot().counts == {"overwritten": 1}


def test_memory_stays_bounded_over_a_long_run(clock: SteppedClock) -> None:
    statistics = Statistics(clock)
    for _ in range(5000):
        statistics.mark("image")
        statistics.time("publish", 1)
        clock.now += 0.001
    assert statistics.snapshot().rates_hz["image"] == pytest.approx(1000.0, rel=0.01)
    assert max(len(marks) for marks in statistics._marks.values()) <= 1024
    assert max(len(times) for times in statistics._times.values()) <= 1024
