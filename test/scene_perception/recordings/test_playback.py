from __future__ import annotations

import numpy as np
import pytest

from scene_perception.recordings import cdr
from scene_perception.recordings.bags import BagMessage, BagTopic
from scene_perception.recordings.playback import (
    Answers,
    RealTime,
    by_frame,
    frame_topic,
    names,
    select,
    whole,
)

IMAGE, INFO = BagTopic("/image", cdr.IMAGE), BagTopic("/info", cdr.CAMERA_INFO)


def message(topic: str, stamp_ns: int) -> BagMessage:
    data = cdr.image(np.zeros((2, 2), np.uint8), "mono8", stamp_ns, "")
    return BagMessage(topic, cdr.IMAGE, stamp_ns, data)


def test_at_rate_two_a_second_of_the_recording_takes_half_a_second():
    schedule = RealTime(2.0)
    schedule.restart(1_000, 50_000_000_000)
    assert schedule.due_ns(1_000) == 50_000_000_000
    assert schedule.due_ns(1_000_001_000) == 50_500_000_000


@pytest.mark.parametrize("rate", [0.01, 1.0, 10.0, 100.0])
def test_recorded_time_is_the_inverse_of_due_time(rate):
    schedule = RealTime(rate)
    schedule.restart(10**18, 777)
    assert schedule.recorded_ns(schedule.due_ns(10**18 + 123_456_789)) == pytest.approx(
        10**18 + 123_456_789, abs=100
    )


def test_each_frame_waits_for_its_own_answer():
    answers = Answers(0)
    answers.send(10)
    assert answers.due() == 10
    assert 10 not in answers
    answers.take(10)
    assert 10 in answers


def test_one_behind_waits_for_the_answer_to_the_frame_before():
    answers = Answers(1)
    answers.send(10)
    assert answers.due() is None
    answers.send(20)
    assert answers.due() == 10
    answers.send(30)
    assert answers.due() == 20


def test_an_answer_that_comes_early_counts_when_it_is_due():
    answers = Answers(1)
    answers.send(10)
    answers.take(10)
    answers.send(20)
    assert answers.due() in answers


@pytest.mark.parametrize("again", ["sent twice", "restarted"])
def test_an_answer_from_before_does_not_count_for_the_same_stamp_again(again):
    answers = Answers(0)
    answers.send(10)
    assert answers.due() == 10
    answers.take(10)
    if again == "restarted":
        answers.restart()
    answers.send(10)
    assert answers.due() == 10
    assert 10 not in answers


def test_a_frame_takes_along_what_is_recorded_before_the_next():
    topics = ["/info", "/image", "/info", "/right", "/image", "/info"]
    frames = list(by_frame((message(t, i) for i, t in enumerate(topics)), "/image"))
    assert [f.stamp_ns for f in frames] == [None, 1, 4]
    assert [[m.topic for m in f.messages] for f in frames] == [
        ["/info"],
        ["/image", "/info", "/right"],
        ["/image", "/info"],
    ]


def test_no_messages_make_no_frame():
    assert list(by_frame([], "/image")) == []


def test_damaged_messages_are_reported_and_left_out():
    good = message("/image", 1)
    bad = good._replace(time_ns=2, data=good.data[:30])
    said: list[str] = []
    assert list(whole([good, bad, good], said.append)) == [good, good]
    assert len(said) == 1
    assert said[0].startswith("skipped a damaged message on /image at 2 ns: ")


def test_no_names_select_all_topics():
    assert select([IMAGE, INFO], []) == [IMAGE, INFO]
    assert select([IMAGE, INFO], ["/info"]) == [INFO]


def test_a_topic_that_was_not_recorded_is_refused():
    with pytest.raises(ValueError, match=r"among \['/image', '/info'\], got \['/imag'\]"):
        select([IMAGE, INFO], ["/imag"])


def test_frames_are_the_first_images_unless_named():
    compressed = BagTopic("/image/compressed", cdr.COMPRESSED_IMAGE)
    assert frame_topic([INFO, compressed, IMAGE]) == "/image/compressed"
    assert frame_topic([INFO, compressed, IMAGE], "/image") == "/image"


def test_a_recording_without_images_has_no_frames():
    with pytest.raises(ValueError, match="needs a topic of sensor_msgs/msg/Image or"):
        frame_topic([INFO])


def test_names_are_separated_by_commas():
    assert names(" /a, b ,,/c/d ") == ["/a", "b", "/c/d"]
    assert names("") == []
