import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo, Image

from scene_perception.geometry.camera import Intrinsics
from scene_perception.nodes.camera_info_cache import CameraInfoCache
from scene_perception.nodes.frame_intake import FrameIntake
from scene_perception.nodes.journal import Journal
from scene_perception.nodes.messages import camera_info_message, image_message
from scene_perception.nodes.statistics import Statistics
from scene_perception.nodes.throttled_log import ThrottledLog

STAMP_NS = 7_000_000_500
CAMERA = Intrinsics(50.0, 60.0, 3.5, 1.5, width=8, height=4)


class Lines:
    """A logger that keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def warning(self, text: str) -> None:
        self.lines.append(f"WARN {text}")

    def error(self, text: str) -> None:
        self.lines.append(f"ERROR {text}")


class Bench:
    """An intake with its parts at hand."""

    def __init__(self, needed_by: str = "") -> None:
        self.cameras = CameraInfoCache("/cam/camera_info", lambda: False)
        self.statistics = Statistics()
        self.lines = Lines()
        journal = Journal(self.statistics, ThrottledLog(self.lines))
        self.intake = FrameIntake(self.cameras, journal, 0.0, lambda: needed_by)

    def counts(self) -> dict[str, int]:
        return dict(self.statistics.snapshot().counts)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def image() -> Image:
    pixels = np.arange(96, dtype=np.uint8).reshape(4, 8, 3)
    return image_message(pixels, "rgb8", STAMP_NS, "camera_optical")


def camera_info() -> CameraInfo:
    return camera_info_message(CAMERA, STAMP_NS, "camera_optical")


def test_a_frame_has_the_images_pixels_stamp_frame_id_and_intrinsics(bench: Bench) -> None:
    bench.cameras.put(camera_info())
    frame = bench.intake.frame(image())
    assert frame is not None
    assert frame.image.ravel().tolist() == list(range(96))
    assert (frame.stamp_ns, frame.frame_id) == (STAMP_NS, "camera_optical")
    assert frame.intrinsics == CAMERA
    assert bench.intake.newest_stamp_ns == STAMP_NS


def test_without_camera_info_the_frame_goes_on_and_a_warning_names_topic_and_loss(
    bench: Bench,
) -> None:
    frame = bench.intake.frame(image())
    assert frame is not None
    assert frame.intrinsics is None
    assert bench.lines.lines == [
        "WARN no CameraInfo yet on /cam/camera_info: points and depth/camera_info are not published"
    ]


def test_where_a_setting_needs_camera_info_the_frame_is_dropped_and_counted() -> None:
    bench = Bench(needed_by="scale.source camera_height")
    assert bench.intake.frame(image()) is None
    assert bench.counts() == {"no_camera_info": 1}
    assert "frames are dropped, scale.source camera_height needs it" in bench.lines.lines[0]


def test_nan_intrinsics_are_refused_by_name_and_the_frame_goes_on(bench: Bench) -> None:
    message = camera_info()
    message.p[0] = float("nan")
    bench.cameras.put(message)
    frame = bench.intake.frame(image())
    assert frame is not None
    assert frame.intrinsics is None
    assert bench.counts() == {"bad_camera_info": 1}
    assert "ERROR bad_camera_info: on /cam/camera_info: camera_info P" in bench.lines.lines[0]
    assert "fx=nan" in bench.lines.lines[0]


def test_a_bad_image_is_refused_counted_and_named(bench: Bench) -> None:
    message = image()
    message.encoding = "jpeg2000"
    assert bench.intake.frame(message) is None
    assert bench.counts() == {"bad_image": 1}
    assert bench.lines.lines[0].startswith("ERROR bad_image: ")
    assert "jpeg2000" in bench.lines.lines[0]


def test_the_frame_after_a_bad_one_is_taken(bench: Bench) -> None:
    bad = image()
    bad.height = 400
    assert bench.intake.frame(bad) is None
    assert bench.intake.frame(image()) is not None
