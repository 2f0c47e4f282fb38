"""The ring buffer: what follows, what is skipped, what makes it start afresh."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from scene_perception.frame import Frame
from scene_perception.geometry.camera import Intrinsics
from scene_perception.pipelines.config import BufferConfig
from scene_perception.pipelines.frame_buffer import FrameBuffer, kept

SECOND = 1_000_000_000
CAMERA = Intrinsics(5.0, 5.0, 2.5, 1.5, width=6, height=4)
IMAGE = np.zeros((4, 6, 3), dtype=np.uint8)
FRAME = Frame(IMAGE, 10 * SECOND, "camera", CAMERA)


def at(seconds: float) -> Frame:
    return replace(FRAME, stamp_ns=round(seconds * SECOND))


def filled(*seconds: float) -> FrameBuffer[float]:
    buffer: FrameBuffer[float] = FrameBuffer(BufferConfig(max_gap_s=1.0, max_reorder_s=0.5), 3)
    for second in seconds:
        assert buffer.admit(at(second)) == ""
        buffer.append(at(second), second)
    return buffer


def test_the_window_is_empty_until_three_frames_are_there():
    assert filled(10.0, 10.1).window() == ()


def test_the_window_moves_with_the_frames():
    assert filled(10.0, 10.1, 10.2, 10.3).window() == (10.1, 10.2, 10.3)


@pytest.mark.parametrize(
    ("frame", "event"),
    [
        (at(10.2), "duplicate_stamp"),
        (at(10.1), "out_of_order"),
        (at(9.7), "out_of_order"),
        (at(9.6), "time_jump_back"),
        (at(11.2), ""),
        (at(11.3), "gap"),
        (Frame(np.zeros((4, 5, 3), np.uint8), 10_300_000_000, "camera"), "size_change"),
        (replace(at(10.3), frame_id="other"), "frame_id_change"),
        (replace(at(10.3), intrinsics=replace(CAMERA, fx=6.0)), "intrinsics_change"),
        (replace(at(10.3), intrinsics=None), ""),
    ],
)
def test_each_frame_is_judged_against_the_newest(frame, event):
    assert filled(10.0, 10.1, 10.2).admit(frame) == event


@pytest.mark.parametrize("seconds", [10.2, 10.1])
def test_a_skipped_frame_leaves_the_window(seconds):
    buffer = filled(10.0, 10.1, 10.2)
    buffer.admit(at(seconds))
    assert buffer.window() == (10.0, 10.1, 10.2)


@pytest.mark.parametrize("seconds", [9.0, 12.0])
def test_a_jump_or_gap_empties_the_buffer_and_the_frame_is_taken(seconds):
    buffer = filled(10.0, 10.1, 10.2)
    buffer.admit(at(seconds))
    assert len(buffer) == 0
    buffer.append(at(seconds), seconds)
    assert buffer.admit(at(seconds + 0.1)) == ""


def test_late_frames_that_go_on_are_a_jump_back_however_short():
    # A recording of half a second that loops.
    buffer = filled(10.0, 10.1, 10.2, 10.3, 10.4)
    events = [buffer.admit(at(seconds)) for seconds in (10.0, 10.1, 10.2)]
    assert events == ["out_of_order", "out_of_order", "time_jump_back"]
    buffer.append(at(10.2), 10.2)
    assert buffer.admit(at(10.3)) == ""


def test_late_frames_between_others_stay_out_of_order():
    buffer = filled(10.0, 10.5)
    for late, seconds in ((10.1, 10.6), (10.2, 10.7), (10.3, 10.8)):
        assert buffer.admit(at(late)) == "out_of_order"
        assert buffer.admit(at(seconds)) == ""
        buffer.append(at(seconds), seconds)


def test_late_frames_in_no_order_are_no_jump():
    buffer = filled(10.0, 10.5)
    assert {buffer.admit(at(s)) for s in (10.4, 10.3, 10.2, 10.3, 10.1)} == {"out_of_order"}


def test_an_admitted_frame_that_was_never_appended_does_not_count():
    buffer = filled(10.0)
    assert buffer.admit(at(10.1)) == ""
    assert buffer.admit(at(10.1)) == ""


def test_intrinsics_that_become_known_late_are_no_change():
    buffer: FrameBuffer[int] = FrameBuffer(BufferConfig(), 3)
    unknown = replace(at(10.0), intrinsics=None)
    buffer.append(unknown, 0)
    assert buffer.admit(at(10.1)) == ""


def test_intrinsics_are_remembered_over_a_frame_without():
    buffer = filled(10.0)
    buffer.append(replace(at(10.1), intrinsics=None), 1)
    assert (
        buffer.admit(replace(at(10.2), intrinsics=replace(CAMERA, cx=3.0))) == "intrinsics_change"
    )


def test_two_hundred_frames_leave_three_entries():
    assert len(filled(*(10 + 0.1 * i for i in range(200)))) == 3


def test_what_is_kept_does_not_change_with_the_engine_s_buffer():
    output = torch.zeros(2)
    copy = kept({"features": output})["features"]
    output += 1
    assert copy.tolist() == [0.0, 0.0]
