from __future__ import annotations

import json

import numpy as np
import pytest

from offline.inference.bag_file import Recording
from offline.inference.estimates import Settings
from offline.inference.moments import Moment
from scene_perception.geometry.camera import Intrinsics
from scene_perception.pipelines.config import MotionConfig, OutputConfig, ScaleConfig
from scene_perception.recordings import cdr
from scene_perception.recordings.bags import Bag, BagError

IMAGE = np.zeros((4, 6, 3), np.uint8)
CAMERA = Intrinsics(50.0, 51.0, 3.0, 2.0, width=6, height=4)
METRIC = Settings(ScaleConfig("fixed", 20.0), OutputConfig(), MotionConfig())


def moment(index: int) -> Moment:
    stamp_ns = 1_000_000_000 + index * 100_000_000
    images = {"current": lambda: IMAGE}
    return Moment(
        index, f"{index}", images, stamp_ns, stamp_ns + 100_000_000, intrinsics=lambda: CAMERA
    )


@pytest.fixture
def messages(tmp_path) -> dict[str, list]:
    """What two moments leave in a recording, by topic."""
    pose = np.eye(4)
    pose[2, 3] = -0.5
    depth = np.full((8, 12), 7.0, np.float32)
    recording = Recording(tmp_path / "bag", METRIC)
    for index in range(2):
        found = {"depth": depth, "labels": np.ones((4, 6), np.uint8), "next_from_current": pose}
        recording.write(moment(index), IMAGE, found)
    recording.close()
    read: dict[str, list] = {}
    with Bag(tmp_path / "bag") as bag:
        for message in bag.messages():
            content = cdr.typestore().deserialize_cdr(message.data, message.type)
            read.setdefault(message.topic, []).append(content)
    return read


def test_depth_is_a_float_image_with_its_calibration_and_unit(messages):
    depth = messages["/depth/image_rect"][1]
    assert depth.encoding == "32FC1"
    assert (depth.header.stamp.sec, depth.header.stamp.nanosec) == (1, 100_000_000)
    info = messages["/depth/camera_info"][1]
    assert (info.width, info.height, info.k[0]) == (12, 8, 100)
    (unit,) = messages["/depth/unit"]
    assert json.loads(unit.data) == {"unit": "m", "source": "fixed", "factor": 20}


def test_labels_are_named_once(messages):
    assert len(messages["/semantic/image"]) == 2
    (names,) = messages["/semantic/labels"]
    assert json.loads(names.data)["13"] == "car"


def test_ego_motion_is_the_cameras_velocity(messages):
    twist = messages["/ego_motion"][0].twist
    assert twist.linear.z == pytest.approx(5)


def test_a_recording_is_never_overwritten(tmp_path):
    with pytest.raises(BagError, match="exists already"):
        Recording(tmp_path, METRIC)
