"""One contract for both implementations of the synchronisers, ours and message_filters'."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sensor_msgs.msg import Image

from scene_perception.nodes.conversions import stamp_ns
from scene_perception.nodes.messages import header_message
from scene_perception.nodes.synchronizer import (
    Filters,
    SimpleFilter,
    TimeSynchronizer,
    filters,
    message_filters,
    own_filters,
)

MS = 1_000_000
PERIOD = 100
QUEUE = 4
Run = Callable[..., list[tuple[int, int]]]


@pytest.fixture(params=["own", "message_filters"])
def implementation(request: pytest.FixtureRequest) -> Filters:
    if request.param == "own":
        return own_filters()
    try:
        return message_filters()
    except ImportError as error:
        pytest.skip(f"message_filters cannot be imported here: {error}")


def image(stamp_ms: int) -> Image:
    return Image(header=header_message((1000 + stamp_ms) * MS, "camera"))


@pytest.fixture
def run(implementation: Filters) -> Run:
    """Feed ``L0 R0 L100 ...`` (side and stamp in ms) and return the stamps of the pairs."""

    def pairs_of(text: str, slop_ms: int | None = None, queue: int = QUEUE) -> list:
        inputs = [implementation.simple(), implementation.simple()]
        if slop_ms is None:
            synchronizer = implementation.exact(inputs, queue)
        else:
            synchronizer = implementation.approximate(inputs, queue, slop_ms / 1000)
        pairs: list[tuple[int, int]] = []

        def keep(*pair: Image) -> None:
            stamps = [stamp_ns(message.header) // MS - 1000 for message in pair]
            pairs.append((stamps[0], stamps[1]))

        synchronizer.registerCallback(keep)
        for word in text.split():
            inputs["LR".index(word[0])].signalMessage(image(int(word[1:])))
        return pairs

    return pairs_of


@pytest.mark.parametrize("slop_ms", [None, 30])
def test_images_of_one_stamp_are_a_pair_whichever_comes_first(run: Run, slop_ms) -> None:
    assert run("L0 R0 R100 L100 L200 R200", slop_ms) == [(0, 0), (100, 100), (200, 200)]


def test_exactly_means_to_the_nanosecond(implementation: Filters) -> None:
    inputs = [implementation.simple(), implementation.simple()]
    pairs: list = []
    implementation.exact(inputs, QUEUE).registerCallback(lambda *pair: pairs.append(pair))
    inputs[0].signalMessage(Image(header=header_message(5 * MS, "camera")))
    inputs[1].signalMessage(Image(header=header_message(5 * MS + 1, "camera")))
    assert not pairs


def test_jitter_below_the_tolerance_pairs_approximately(run: Run) -> None:
    assert run("L0 R30 L130 R100 L200 R229", 31) == [(0, 30), (130, 100), (200, 229)]


@pytest.mark.parametrize("slop_ms", [None, 0, 29, 30])
def test_jitter_of_the_tolerance_or_more_does_not_pair(run: Run, slop_ms) -> None:
    assert run("L0 R30 L130 R100 L200 R230", slop_ms) == []


def test_of_several_within_the_tolerance_the_nearest_is_taken(run: Run) -> None:
    assert run("L0 L20 L40 R25", 50) == [(20, 25)]


def test_of_two_equally_near_the_first_to_come_is_taken(run: Run) -> None:
    assert run("L20 L0 R10", 50) == [(20, 10)]


@pytest.mark.parametrize("slop_ms", [None, 30])
def test_an_image_whose_partner_is_lost_leaves_the_others_their_own(run: Run, slop_ms) -> None:
    assert run("L0 L100 R100 L200 R200 R300 L400 R400", slop_ms) == [
        (100, 100),
        (200, 200),
        (400, 400),
    ]


@pytest.mark.parametrize("slop_ms", [None, 30])
def test_images_out_of_order_pair_when_their_partner_comes(run: Run, slop_ms) -> None:
    assert run("L0 L200 L100 R0 R100 R200", slop_ms) == [(0, 0), (100, 100), (200, 200)]
    assert run("L100 R100 L0 R0", slop_ms) == [(100, 100), (0, 0)]


@pytest.mark.parametrize("slop_ms", [None, 30])
def test_the_oldest_leaves_a_full_queue(run: Run, slop_ms) -> None:
    assert run("L0 L100 L200 L300 L400 R0 R100", slop_ms) == [(100, 100)]


@pytest.mark.parametrize("slop_ms", [None, 30])
def test_an_image_older_than_a_full_queue_never_pairs(run: Run, slop_ms) -> None:
    assert run("L100 L200 L300 L400 L0 R0", slop_ms) == []


@pytest.mark.parametrize("slop_ms", [None, 30])
def test_a_duplicate_pairs_once(run: Run, slop_ms) -> None:
    assert run("L0 L0 R0 R0 L100 R100", slop_ms) == [(0, 0), (100, 100)]


@pytest.mark.parametrize("slop_ms", [None, 30])
def test_after_a_jump_back_pairing_goes_on_while_the_queues_have_room(run: Run, slop_ms) -> None:
    assert run("L900 R900 L1000 L0 R0 L100 R100", slop_ms) == [(900, 900), (0, 0), (100, 100)]


@pytest.mark.parametrize("slop_ms", [None, 30])
def test_a_queue_full_of_the_future_stalls_it(run: Run, slop_ms) -> None:
    """Why ``StereoPairing`` starts afresh after a jump back."""
    assert run("L900 L1000 L1100 L1200 L0 R0 L100 R100", slop_ms) == []


def test_arguments_of_a_registration_come_behind_the_messages(implementation: Filters) -> None:
    source, kept = implementation.simple(), []
    source.registerCallback(lambda *given: kept.append(given), "a", 1)
    message = image(0)
    source.signalMessage(message)
    assert kept == [(message, "a", 1)]


def test_message_filters_is_used_where_it_can_be_imported() -> None:
    try:
        expected = message_filters().name
    except ImportError:
        expected = own_filters().name
    assert filters().name == expected


@pytest.mark.parametrize(("inputs", "queue"), [(1, 10), (3, 10), (2, 0)])
def test_other_than_two_inputs_and_a_queue_are_refused(inputs: int, queue: int) -> None:
    with pytest.raises(ValueError, match="synchronizer must have 2 inputs and a queue"):
        TimeSynchronizer([SimpleFilter() for _ in range(inputs)], queue)
