"""Pairs, counts and warnings around either synchroniser."""

from __future__ import annotations

import pytest
from sensor_msgs.msg import Image

from scene_perception.nodes.conversions import stamp_ns
from scene_perception.nodes.messages import header_message
from scene_perception.nodes.statistics import Statistics
from scene_perception.nodes.stereo_pairing import StereoPairing, SyncConfig
from scene_perception.nodes.synchronizer import filters, message_filters, own_filters
from scene_perception.nodes.throttled_log import ThrottledLog
from scene_perception.settings import check

MS = 1_000_000
PERIOD_MS = 100


class Bench:
    """A pairing with what it gave, counted and said."""

    def __init__(self, implementation, **settings) -> None:
        self.pairs: list[tuple[int, int]] = []
        self.lines: list[str] = []
        self.statistics = Statistics()
        config = SyncConfig(**settings)
        check(config)
        self.pairing = StereoPairing(
            config, self.keep, self.statistics, ThrottledLog(self), implementation
        )

    def keep(self, left: Image, right: Image) -> None:
        stamps = (stamp_ns(left.header) // MS, stamp_ns(right.header) // MS)
        self.pairs.append((stamps[0], stamps[1]))

    def warning(self, line: str) -> None:
        self.lines.append(line)

    def feed(self, text: str) -> None:
        """Feed ``L0 R0 L100 ...``, side and stamp in ms."""
        for word in text.split():
            take = self.pairing.left if word[0] == "L" else self.pairing.right
            take(Image(header=header_message(int(word[1:]) * MS, "camera")))

    def stream(self, count: int, offset_ms: int = 0, start_ms: int = 1000) -> None:
        stamps = range(start_ms, start_ms + count * PERIOD_MS, PERIOD_MS)
        self.feed(" ".join(f"L{stamp} R{stamp + offset_ms}" for stamp in stamps))

    def counted(self, *names: str) -> tuple[int, ...]:
        return tuple(self.statistics.total(name) for name in names)


@pytest.fixture(params=[own_filters, message_filters], ids=["own", "message_filters"])
def make_bench(request: pytest.FixtureRequest):
    try:
        implementation = request.param()
    except ImportError as error:
        pytest.skip(f"message_filters cannot be imported here: {error}")
    return lambda **settings: Bench(implementation, **settings)


def test_paced_images_lose_nothing(make_bench):
    bench = make_bench()
    bench.stream(50)
    assert bench.counted("left_received", "right_received", "paired") == (50, 50, 50)
    assert bench.counted("left_unpaired", "right_unpaired") == (0, 0)
    assert bench.lines == []


@pytest.mark.parametrize(
    ("settings", "paired"),
    [
        ({"mode": "approximate", "tolerance_s": 0.04}, 45),
        ({"mode": "approximate", "tolerance_s": 0.02}, 0),
        ({"mode": "approximate", "tolerance_s": 0.0}, 0),
        ({"mode": "exact", "tolerance_s": 0.04}, 0),
    ],
)
def test_thirty_milliseconds_pair_as_configured(make_bench, settings, paired):
    bench = make_bench(**settings)
    bench.stream(45, offset_ms=30)
    assert bench.counted("paired") == (paired,)


def test_a_tolerance_of_nothing_is_exact(make_bench):
    bench = make_bench(tolerance_s=0.0)
    bench.stream(3)
    assert bench.pairs == [(1000, 1000), (1100, 1100), (1200, 1200)]


def test_what_does_not_pair_is_measured_and_said_once(make_bench):
    bench = make_bench(mode="exact")
    bench.stream(45, offset_ms=30)
    assert len(bench.lines) == 1
    assert "never share a stamp: the nearest right image is 30.0 ms later" in bench.lines[0]
    assert "(median of 20, 30.0 to 30.0 ms)" in bench.pairing.report()


def test_a_lost_image_is_counted_on_the_other_side_once_overtaken(make_bench):
    bench = make_bench()
    bench.feed("L1000 R1000 L1100 L1200 R1200")
    assert bench.counted("paired", "left_unpaired", "right_unpaired") == (2, 1, 0)


def test_everything_received_is_paired_unpaired_or_waiting(make_bench):
    bench = make_bench(queue_size=3)
    bench.feed("L1000 L1000 R1100 L1100 L1200 L1300 L1400 L1500 R1300 R1200 R1900")
    # Lost: a duplicate and 1000, 1200 (overtaken); waiting: L1400, L1500, R1900.
    assert bench.pairs == [(1100, 1100), (1300, 1300)]
    assert bench.counted("left_received", "paired", "left_unpaired") == (7, 2, 3)
    assert bench.counted("right_received", "paired", "right_unpaired") == (4, 2, 0)


def test_a_pair_that_a_newer_one_has_overtaken_is_not_given(make_bench):
    bench = make_bench()
    bench.feed("L1000 L1100 R1100 R1000")
    assert bench.pairs == [(1100, 1100)]
    assert bench.counted("left_unpaired") == (1,)


def test_a_looping_bag_goes_on_at_once(make_bench):
    bench = make_bench(queue_size=4)
    for _ in range(3):
        bench.stream(20)
        bench.feed("L3000 L3100 L3200 L3300 L3400")  # a full queue of what never pairs
    assert bench.counted("paired") == (60,)
    assert bench.counted("left_unpaired") == (11,)  # the last four still wait


def test_a_side_that_never_comes_is_named(make_bench):
    bench = make_bench()
    bench.feed(" ".join(f"L{1000 + 100 * index}" for index in range(20)))
    assert bench.lines == [
        "only left images come, the last 20 without a right one; check the right camera's driver "
        "and the name of its topic"
    ]


def test_a_side_that_stops_is_named(make_bench):
    bench = make_bench()
    bench.stream(33)
    bench.feed(" ".join(f"R{5000 + 100 * index}" for index in range(20)))
    assert bench.lines[0].startswith("only right images come, the last 8 without a left one")


def test_without_a_choice_message_filters_is_taken_where_it_can_be_imported():
    bench = Bench(None)
    bench.stream(2)
    assert bench.pairs == [(1000, 1000), (1100, 1100)]
    assert type(bench.pairing._inputs[0]) is type(filters().simple())


@pytest.mark.parametrize(
    ("settings", "rule"),
    [
        ({"mode": "sometimes"}, "mode must be one of exact, approximate"),
        ({"tolerance_s": 1.5}, "tolerance_s must be <= 1.0"),
        ({"queue_size": 0}, "queue_size must be >= 1"),
    ],
)
def test_a_setting_outside_its_range_is_refused(settings, rule):
    with pytest.raises(ValueError, match=rule):
        check(SyncConfig(**settings))
