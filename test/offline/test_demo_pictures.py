from __future__ import annotations

import cv2
import numpy as np
import pytest

from offline.demo_pictures import draw_exact, draw_show, spread, time_text
from offline.exact_input import check_exactly
from offline.shows import Show
from offline.synthetic.drive import open_drive
from offline.synthetic.stereo import render_pair
from scene_perception.pipelines.stereo_config import StereoConfig
from scene_perception.recordings import cdr
from scene_perception.recordings.bags import BagWriter

SHOW = Show("a_node", "ANet", "/camera", {"/a": "first", "/b": "second"}, {})


def bag(path, topics, stamps):
    with BagWriter(path) as writer:
        for topic in topics:
            writer.add_topic(topic, cdr.IMAGE)
            for stamp in stamps:
                pixels = np.full((20, 60, 3), stamp, np.uint8)
                writer.write(topic, stamp, cdr.image(pixels, "rgb8", stamp, "camera"))
    return path


def test_a_show_has_a_column_for_chosen_frames_and_a_video_of_all(tmp_path):
    source = bag(tmp_path / "in", ["/camera"], range(1, 9))
    recording = bag(tmp_path / "out", ["/a", "/b"], range(1, 8))
    video = tmp_path / "a.mp4"
    image = draw_show(SHOW, source, recording, video, notes="RANDOM")
    assert image.shape[1] == 3 * (620 + 4)
    assert cv2.VideoCapture(str(video)).get(cv2.CAP_PROP_FRAME_COUNT) == 7


def test_a_run_without_outputs_cannot_be_drawn(tmp_path):
    source = bag(tmp_path / "in", ["/camera"], range(1, 3))
    recording = bag(tmp_path / "out", ["/a"], range(1, 3))
    with pytest.raises(ValueError, match="at least one frame"):
        draw_show(SHOW, source, recording, tmp_path / "a.mp4", notes="")


def test_exact_input_has_a_column_per_pair():
    drive = open_drive(4, seed=2, height=96, width=320)
    checks = [check_exactly(render_pair(drive, index), StereoConfig()) for index in (2, 3)]
    assert draw_exact(checks).shape[1] == 2 * (620 + 4)


def test_chosen_frames_are_spread_evenly():
    assert spread(range(11)) == {2, 5, 8}
    assert spread([7]) == {7}
    assert spread([]) == set()


def test_time_counts_from_the_first_frame():
    assert time_text(1_500_000_000, 1_000_000_000) == "t = 0.5 s"
