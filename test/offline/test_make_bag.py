from __future__ import annotations

import subprocess
import sys

import cv2
import numpy as np
import pytest

from offline.make_bag import main
from scene_perception.recordings.bags import Bag


@pytest.fixture
def images(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    for index in range(4):
        cv2.imwrite(str(folder / f"{index}.png"), np.full((8, 16), index, np.uint8))
    return folder


def counts(path) -> dict[str, int]:
    with Bag(path) as bag:
        return {topic.name: topic.count for topic in bag.topics}


def test_a_folder_of_images_becomes_a_recording(images, tmp_path, capsys):
    out = tmp_path / "bag"
    assert main(["images", str(images), str(out), "--fps", "5", "--storage", "sqlite3"]) == 0
    assert counts(out) == {"/image_rect": 4}
    assert (out / "bag.db3").exists()
    said = capsys.readouterr()
    assert said.out == "4 messages on /image_rect\n"
    assert said.err == "4/4 frames\n"


def test_the_limit_takes_the_first_frames(images, tmp_path):
    assert main(["images", str(images), str(tmp_path / "bag"), "--limit", "3"]) == 0
    assert counts(tmp_path / "bag") == {"/image_rect": 3}


def test_a_generated_drive_needs_no_source(tmp_path):
    out = tmp_path / "bag"
    size = ["--height", "32", "--width", "96"]
    assert main(["synthetic", str(out), "--limit", "2", "--seed", "3", *size]) == 0
    assert counts(tmp_path / "bag") == {"/odometry": 2, "/camera_info": 2, "/image_rect": 2}


def test_a_generated_drive_has_both_cameras(tmp_path):
    size = ["--height", "32", "--width", "96"]
    assert main(["synthetic", str(tmp_path / "bag"), "--limit", "1", "--stereo", *size]) == 0
    assert counts(tmp_path / "bag") == {
        "/odometry": 1,
        "/left/camera_info": 1,
        "/left/image_rect": 1,
        "/right/camera_info": 1,
        "/right/image_rect": 1,
    }


def test_a_problem_is_one_line_and_status_1(images, tmp_path, capsys):
    (images / "2.png").write_bytes(b"rubbish")
    assert main(["images", str(images), str(tmp_path / "bag")]) == 1
    assert (
        capsys.readouterr().err
        == f"error: image {images / '2.png'} is damaged or no image: 7 bytes\n"
    )
    assert main(["images", str(images), str(tmp_path / "bag"), "--skip-missing"]) == 0
    assert counts(tmp_path / "bag") == {"/image_rect": 3}


@pytest.mark.parametrize("kind", ["kitti_raw", "kitti_odometry", "images"])
def test_a_missing_source_is_reported(kind, tmp_path, capsys):
    assert main([kind, str(tmp_path / "none"), str(tmp_path / "bag")]) == 1
    assert str(tmp_path / "none") in capsys.readouterr().err


@pytest.mark.parametrize("wrong", [["--limit", "0"], ["--fps", "-1"], ["--storage", "rosbag1"]])
def test_wrong_options_are_refused(images, tmp_path, capsys, wrong):
    with pytest.raises(SystemExit):
        main(["images", str(images), str(tmp_path / "bag"), *wrong])
    assert wrong[0] in capsys.readouterr().err


def test_it_runs_as_a_module():
    ended = subprocess.run(
        [sys.executable, "-m", "offline.make_bag", "--help"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "kitti_odometry" in ended.stdout
