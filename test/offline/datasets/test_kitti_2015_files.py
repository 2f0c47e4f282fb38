from __future__ import annotations

import pytest

from offline.datasets.kitti_2015_files import Frame, find_split, frames_in, parse_frame, scenes_of


def test_names_and_frames_belong_together():
    assert parse_frame("000018_09.png") == Frame(18, 9)
    assert Frame(18, 9).file_name == "000018_09.png"
    assert [parse_frame(name) for name in ("18_09.png", "000018_9.png", "000018_09.jpg")] == [
        None,
        None,
        None,
    ]


def test_a_frame_counts_if_either_camera_has_it(tmp_path):
    for name in ("image_2/000000_09.png", "image_3/000001_10.png", "image_2/Thumbs.db"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    frames = frames_in(tmp_path)
    assert frames == {Frame(0, 9), Frame(1, 10)}
    assert scenes_of(frames, tmp_path) == [1]


def test_the_image_folder_leads_to_its_split(tmp_path):
    (tmp_path / "testing" / "image_2").mkdir(parents=True)
    for given in (tmp_path, tmp_path / "testing", tmp_path / "testing" / "image_2"):
        assert find_split(given, "testing") == tmp_path / "testing"


def test_a_folder_without_scenes_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"image_2 must hold images called .*; it does not exist"):
        scenes_of(set(), tmp_path)
