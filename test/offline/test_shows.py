from __future__ import annotations

import pytest

from offline.recording import Summary
from offline.shows import MONO, STEREO, missing_outputs


def complete(show, frames: int) -> Summary:
    stamps = {topic: list(range(frames - short)) for topic, short in show.short.items()}
    return Summary(counts={topic: len(s) for topic, s in stamps.items()}, stamps_ns=stamps)


@pytest.mark.parametrize("show", [MONO, STEREO], ids=["mono", "stereo"])
def test_nothing_is_missing_where_every_frame_is_described(show):
    assert missing_outputs(show, complete(show, 5), 5) == []


def test_missing_output_is_named_with_both_counts():
    summary = complete(MONO, 4)
    summary.stamps_ns["/flow/image"] = [2]
    assert missing_outputs(MONO, summary, 4) == [
        "/flow/image: expected 2 messages for 4 frames, recorded 1"
    ]


def test_a_stereo_pair_without_a_next_one_is_described_nowhere():
    summary = complete(STEREO, 5)
    assert set(map(len, summary.stamps_ns.values())) == {4}
    summary.stamps_ns["/disparity"].pop()
    assert missing_outputs(STEREO, summary, 5) == [
        "/disparity: expected 4 messages for 5 frames, recorded 3"
    ]


def test_a_frame_described_twice_does_not_stand_for_another():
    summary = complete(MONO, 4)
    summary.stamps_ns["/flow/image"] = [2, 2]
    assert len(missing_outputs(MONO, summary, 4)) == 1


def test_messages_without_a_stamp_are_counted():
    summary = complete(STEREO, 5)
    del summary.stamps_ns["/moving_objects/markers"]
    assert missing_outputs(STEREO, summary, 5) == []
    summary.counts["/moving_objects/markers"] = 3
    assert missing_outputs(STEREO, summary, 5) == [
        "/moving_objects/markers: expected 4 messages for 5 frames, recorded 3"
    ]


def test_a_run_has_the_weights_that_are_given_and_those_of_the_package_else(tmp_path):
    shipped = STEREO.live_run(tmp_path, tmp_path / "input", None)
    assert not {"network.weights", "network.random_weights"} & shipped.node.keys()
    assert (shipped.name, shipped.replay["answers_behind"]) == ("stereo_node", 1)
    given = MONO.live_run(tmp_path, tmp_path / "input", tmp_path / "a.safetensors")
    assert given.node == {"network.weights": str(tmp_path / "a.safetensors")}
    assert given.replay["frame_topic"] == "/image_rect"
