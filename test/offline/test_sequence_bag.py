from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
import pytest

from offline.datasets.base import RIGHT_FRAME, Camera, CameraSequence, ImageFile
from offline.datasets.kitti_odometry import read_kitti_odometry
from offline.sequence_bag import BagOptions, Progress, write_bag
from scene_perception.geometry.camera import Intrinsics
from scene_perception.recordings import cdr
from scene_perception.recordings.bags import Bag, BagError

CAMERA = Intrinsics(10.0, 10.0, 7.5, 3.5, width=16, height=8)
STAMPS = (5_000_000_000, 5_100_000_001, 5_200_000_002)


@pytest.fixture
def stereo(tmp_path) -> CameraSequence:
    files = []
    for index in range(3):
        files.append(tmp_path / f"{index}.png")
        cv2.imwrite(str(files[-1]), np.full((8, 16, 3), (0, 50, 100 + index), np.uint8))
    pictures = tuple(map(ImageFile, files))
    poses = np.tile(np.eye(4), (3, 1, 1))
    poses[:, 0, 3] = [0, 1, 2]
    left, right = Camera("left", pictures, CAMERA), Camera(RIGHT_FRAME, pictures, CAMERA, 0.5)
    return CameraSequence(STAMPS, left, right, poses)


def read(path: Path) -> dict[str, list]:
    found: dict[str, list] = {}
    with Bag(path) as bag:
        for message in bag.messages():
            content = cdr.typestore().deserialize_cdr(message.data, message.type)
            stamp = content.header.stamp
            assert stamp.sec * 10**9 + stamp.nanosec == message.time_ns
            found.setdefault(message.topic, []).append(content)
    return found


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
def test_images_calibration_and_odometry_share_the_frames_stamps(stereo, tmp_path, storage):
    counts = write_bag(stereo, tmp_path / "bag", storage)
    assert counts == {"/odometry": 3, "/camera_info": 3, "/image_rect": 3}
    found = read(tmp_path / "bag")
    assert [m.data[0] for m in found["/image_rect"]] == [100, 101, 102]
    assert {m.encoding for m in found["/image_rect"]} == {"rgb8"}
    assert {m.header.frame_id for topic in found.values() for m in topic} == {"left", "odom"}
    assert [m.pose.pose.position.x for m in found["/odometry"]] == [0, 1, 2]
    assert {m.child_frame_id for m in found["/odometry"]} == {"left"}


def test_stereo_has_both_cameras_and_the_baseline(stereo, tmp_path):
    write_bag(stereo, tmp_path / "bag", options=BagOptions(stereo=True))
    found = read(tmp_path / "bag")
    assert set(found) == {
        "/odometry",
        "/left/image_rect",
        "/left/camera_info",
        "/right/image_rect",
        "/right/camera_info",
    }
    assert found["/left/camera_info"][0].p[3] == 0
    assert found["/right/camera_info"][0].p[3] == -5


def test_stereo_needs_a_pair(stereo, tmp_path):
    mono = CameraSequence(stereo.stamps_ns, stereo.left)
    with pytest.raises(ValueError, match="stereo needs the images of a right camera"):
        write_bag(mono, tmp_path / "bag", options=BagOptions(stereo=True))


def test_the_encoding_asked_for_is_written(stereo, tmp_path):
    write_bag(stereo, tmp_path / "bag", options=BagOptions(encoding="mono8"))
    assert {m.encoding for m in read(tmp_path / "bag")["/image_rect"]} == {"mono8"}


def test_compressed_keeps_the_files(stereo, tmp_path):
    write_bag(stereo, tmp_path / "bag", options=BagOptions(compressed=True))
    images = read(tmp_path / "bag")["/image_rect/compressed"]
    assert images[1].data.tobytes() == (tmp_path / "1.png").read_bytes()
    assert images[1].format == "png"


def test_a_damaged_image_is_named_and_no_recording_is_left(stereo, tmp_path):
    (tmp_path / "1.png").write_bytes(b"rubbish")
    with pytest.raises(ValueError, match=r"1.png is damaged"):
        write_bag(stereo, tmp_path / "bag")
    assert not (tmp_path / "bag").exists()


def test_damaged_frames_can_be_left_out_whole(stereo, tmp_path):
    (tmp_path / "1.png").unlink()
    said = io.StringIO()
    options = BagOptions(skip_missing=True)
    counts = write_bag(stereo, tmp_path / "bag", options=options, progress=Progress(said))
    assert counts == {"/odometry": 2, "/camera_info": 2, "/image_rect": 2}
    assert f"left out frame 1: image {tmp_path / '1.png'} cannot be read" in said.getvalue()
    assert said.getvalue().endswith("3/3 frames\n")


def test_an_image_of_another_size_than_its_calibration_is_refused(stereo, tmp_path):
    cv2.imwrite(str(tmp_path / "2.png"), np.zeros((9, 16), np.uint8))
    with pytest.raises(ValueError, match=r"2.png.* has 16x9 px, its calibration is for 16x8 px"):
        write_bag(stereo, tmp_path / "bag")


def test_an_existing_output_is_left_alone(stereo, tmp_path):
    (tmp_path / "bag").mkdir()
    (tmp_path / "bag" / "precious").write_text("")
    with pytest.raises(BagError, match="exists already"):
        write_bag(stereo, tmp_path / "bag")
    assert (tmp_path / "bag" / "precious").exists()


def test_real_kitti_frames_come_back_with_equal_pixels_and_stamps(shared, tmp_path):
    source = shared / "data" / "kitti" / "odometry"
    if not source.is_dir():
        pytest.skip("needs the KITTI odometry frames in ../shared/data")
    sequence = read_kitti_odometry(source)
    counts = write_bag(sequence, tmp_path / "bag")
    assert counts == {"/odometry": 51, "/camera_info": 51, "/image_rect": 51}
    found = read(tmp_path / "bag")
    for index, message in enumerate(found["/image_rect"]):
        expected = cv2.imread(str(source / "image_0" / f"{index:06d}.png"), cv2.IMREAD_UNCHANGED)
        assert message.header.stamp.sec * 10 + message.header.stamp.nanosec // 10**8 == 10 + index
        np.testing.assert_array_equal(message.data.reshape(370, 1226), expected)
    info = found["/camera_info"][0]
    assert (info.width, info.height, info.p[0], info.p[2]) == (1226, 370, 707.0912, 601.8873)
    moved = found["/odometry"][50].pose.pose.position
    assert moved.x > 20  # a car at some 10 m/s drives forward for 5 s
    assert abs(moved.z) < 2
