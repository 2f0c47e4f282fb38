from __future__ import annotations

import cv2
import numpy as np
import pytest

from offline.golden.stand_ins import golden_image
from offline.inference.moments import Frame, sliding
from offline.inference.stream_sources import ImageTopic, VideoFile, info_topic
from offline.sharding import Shard
from scene_perception.geometry.camera import Intrinsics
from scene_perception.recordings import cdr
from scene_perception.recordings.bags import BagError, BagWriter

CAMERA = Intrinsics(50.0, 51.0, 30.0, 20.0, width=64, height=48)
IMAGES = [golden_image(number, 48, 64) for number in range(4)]
STAMPS = [1_000_000_000, 1_100_000_000, 5_000_000_000, 5_100_000_000]


@pytest.fixture
def recording(tmp_path):
    """Four frames with a gap of 3.9 s, the third one's message cut off, and calibration."""
    path = tmp_path / "bag"
    with BagWriter(path) as writer:
        writer.add_topic("/front/image_rect", cdr.IMAGE)
        writer.add_topic("/front/camera_info", cdr.CAMERA_INFO)
        for number, (image, stamp_ns) in enumerate(zip(IMAGES, STAMPS, strict=True)):
            data = cdr.image(image, "rgb8", stamp_ns, "front_optical")
            writer.write("/front/image_rect", stamp_ns, data[:200] if number == 2 else data)
            info = cdr.camera_info(CAMERA, stamp_ns, "front_optical")
            writer.write("/front/camera_info", stamp_ns, info)
    return path


def roles(moments) -> list[list[str]]:
    return [sorted(moment.images) for moment in moments]


def test_a_recordings_frames_keep_stamp_frame_and_calibration(recording):
    source = ImageTopic(recording)
    assert source.count == 4
    first = next(source.moments(Shard()))
    assert (first.name, first.stamp_ns, first.next_stamp_ns) == ("000000", STAMPS[0], STAMPS[1])
    assert first.frame_id() == "front_optical"
    assert first.intrinsics() == CAMERA
    np.testing.assert_array_equal(first.images["current"](), IMAGES[0])
    np.testing.assert_array_equal(first.images["next"](), IMAGES[1])


def test_frames_on_both_sides_of_a_gap_are_no_neighbours(recording):
    moments = list(ImageTopic(recording).moments(Shard()))
    assert roles(moments) == [["current", "next"], ["current", "previous"]] * 2


def test_a_damaged_message_is_met_when_it_is_read(recording):
    moments = list(ImageTopic(recording).moments(Shard()))
    with pytest.raises(ValueError, match="image on /front/image_rect at 5000000000 ns: data must"):
        moments[2].images["current"]()
    np.testing.assert_array_equal(moments[3].images["current"](), IMAGES[3])


def test_a_topic_that_was_not_recorded_is_refused(recording):
    with pytest.raises(ValueError, match=r"topics must be among .* got \['/rear'\]"):
        ImageTopic(recording, "/rear")


def test_a_recording_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(BagError, match="does not exist"):
        ImageTopic(tmp_path / "nowhere.mcap")


@pytest.mark.parametrize(
    ("topic", "info"),
    [
        ("/left/image_rect", "/left/camera_info"),
        ("/image_rect/compressed", "/camera_info"),
    ],
)
def test_calibration_lies_beside_the_image(topic, info):
    assert info_topic(topic) == info


def test_a_video_is_walked_through_with_even_stamps(tmp_path):
    path = tmp_path / "drive.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25, (64, 48))
    for image in IMAGES:
        writer.write(image[..., ::-1])
    writer.release()
    moments = list(VideoFile(path).moments(Shard()))
    assert [moment.stamp_ns for moment in moments] == [
        1_000_000_000 + n * 40_000_000 for n in range(4)
    ]
    assert roles(moments)[1] == ["current", "next", "previous"]
    difference = moments[2].images["current"]().astype(int) - IMAGES[2]
    assert np.abs(difference).mean() < 12


def test_what_is_no_video_is_refused(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("no video")
    with pytest.raises(ValueError, match=r"notes\.txt must be .* a video or a bag: OpenCV cannot"):
        VideoFile(path)


def frames(count: int) -> list[Frame]:
    return [Frame(lambda n=n: np.full((1, 1, 3), n, np.uint8), n) for n in range(count)]


def test_processes_get_their_frames_with_all_neighbours():
    def values(moment) -> dict[str, int]:
        return {role: int(read()[0, 0, 0]) for role, read in moment.images.items()}

    of_second = list(sliding(frames(4), Shard(1, 2), lambda one, other: True))
    assert [moment.index for moment in of_second] == [1, 3]
    assert values(of_second[0]) == {"previous": 0, "current": 1, "next": 2}
    assert values(of_second[1]) == {"previous": 2, "current": 3}


def test_a_stream_without_frames_has_no_moments():
    assert not list(sliding([], Shard(), lambda one, other: True))
