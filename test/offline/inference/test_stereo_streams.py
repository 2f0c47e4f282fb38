from __future__ import annotations

import numpy as np
import pytest

from offline.golden.stand_ins import golden_image
from offline.inference.moments import Frame
from offline.inference.stereo_streams import matched, stereo_topics
from offline.sharding import Shard
from scene_perception.recordings import cdr
from scene_perception.recordings.bags import BagWriter

STAMPS = [n * 100_000_000 for n in (10, 11, 12, 13)]


@pytest.fixture
def recording(tmp_path):
    """Four left images; the right camera has lost the third one."""
    path = tmp_path / "bag"
    with BagWriter(path) as writer:
        for side in ("left", "right"):
            writer.add_topic(f"/{side}/image_rect", cdr.IMAGE)
        for number, stamp_ns in enumerate(STAMPS):
            for side in ("left", "right"):
                if (side, number) != ("right", 2):
                    pixels = golden_image(10 * number + (side == "right"), 8, 16)
                    data = cdr.image(pixels, "rgb8", stamp_ns, f"{side}_optical")
                    writer.write(f"/{side}/image_rect", stamp_ns, data)
    return path


def test_pairs_of_one_stamp_follow_each_other(recording):
    moments = list(stereo_topics(recording).moments(Shard()))
    assert [(moment.stamp_ns, moment.next_stamp_ns) for moment in moments] == [
        (STAMPS[0], STAMPS[1]),
        (STAMPS[1], STAMPS[3]),
    ]
    seeds = {"current": 10, "right": 11, "next": 30, "next_right": 31}
    for role, seed in seeds.items():
        np.testing.assert_array_equal(moments[1].images[role](), golden_image(seed, 8, 16))


def test_processes_share_the_pairs(recording):
    found = [
        [moment.index for moment in stereo_topics(recording).moments(Shard(rank, 2))]
        for rank in range(2)
    ]
    assert found == [[0], [1]]


def test_a_right_topic_that_has_no_name_is_asked_for(recording):
    with pytest.raises(ValueError, match="right topic must be named beside the left one, /right"):
        stereo_topics(recording, "/right/image_rect")


def test_two_cameras_without_a_common_stamp_are_refused(tmp_path):
    path = tmp_path / "bag"
    with BagWriter(path) as writer:
        for number, side in enumerate(("left", "right")):
            topic = f"/{side}/image_rect"
            writer.add_topic(topic, cdr.IMAGE)
            stamp_ns = STAMPS[number]
            writer.write(topic, stamp_ns, cdr.image(golden_image(0, 8, 8), "rgb8", stamp_ns, ""))
    with pytest.raises(ValueError, match="must have images of one stamp, got none"):
        list(stereo_topics(path).moments(Shard()))


def test_frames_are_matched_by_stamp_alone():
    def frames(*stamps: int):
        return iter([Frame(lambda: np.zeros((1, 1, 3), np.uint8), stamp) for stamp in stamps])

    pairs = matched(frames(1, 3, 4, 6), frames(0, 1, 2, 4, 5, 6, 7))
    assert [one.stamp_ns for one, _ in pairs] == [1, 4, 6]
