import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo, Image

from scene_perception.geometry.camera import Intrinsics
from scene_perception.nodes.camera_info_cache import CameraInfoCache
from scene_perception.nodes.journal import Journal
from scene_perception.nodes.messages import camera_info_message, image_message
from scene_perception.nodes.statistics import Statistics
from scene_perception.nodes.stereo_intake import Caches, Pair, StereoIntake
from scene_perception.nodes.throttled_log import ThrottledLog
from scene_perception.pipelines.stereo_input import choose_fit

STAMP_NS = 7_000_000_500
CAMERA = Intrinsics(50.0, 60.0, 3.5, 1.5, width=8, height=4)


class Lines:
    """A logger that keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def info(self, text: str) -> None:
        self.lines.append(f"INFO {text}")

    def error(self, text: str) -> None:
        self.lines.append(f"ERROR {text}")


class Bench:
    """An intake with its parts at hand."""

    def __init__(self, baseline_m: float = 0.0) -> None:
        self.caches = Caches(
            CameraInfoCache("/cam/left/camera_info", lambda: False),
            CameraInfoCache("/cam/right/camera_info", lambda: False),
        )
        self.statistics = Statistics()
        self.lines = Lines()
        journal = Journal(self.statistics, ThrottledLog(self.lines))
        self.intake = StereoIntake(self.caches, journal, self.fit, 0.0, baseline_m)

    @staticmethod
    def fit(width: int, height: int) -> None:
        choose_fit((width, height), (64, 64), "pad" if width > 64 else "auto")

    def counts(self) -> dict[str, int]:
        return dict(self.statistics.snapshot().counts)

    def calibrated(self, right_p3: float = -25.0) -> "Bench":
        self.caches.left.put(camera_info(0.0))
        self.caches.right.put(camera_info(right_p3))
        return self


@pytest.fixture
def bench() -> Bench:
    return Bench()


def image(shade: int = 90, size: tuple[int, int] = (4, 8), stamp_ns: int = STAMP_NS) -> Image:
    pixels = np.full((*size, 3), shade, np.uint8)
    return image_message(pixels, "rgb8", stamp_ns, "left_optical")


def camera_info(p3: float) -> CameraInfo:
    message = camera_info_message(CAMERA, STAMP_NS, "left_optical")
    message.p[3] = p3
    return message


def test_a_frame_has_both_images_and_the_calibration_of_the_pair(bench: Bench) -> None:
    frame = bench.calibrated().intake.frame(Pair(image(90), image(70, stamp_ns=STAMP_NS + 9)))
    assert frame is not None
    assert (frame.left.image[0, 0, 0], frame.right.image[0, 0, 0]) == (90, 70)
    assert (frame.left.stamp_ns, frame.left.frame_id) == (STAMP_NS, "left_optical")
    assert frame.camera.baseline_m == pytest.approx(0.5)
    assert frame.left.intrinsics == frame.camera.left == CAMERA
    assert bench.intake.newest_stamp_ns == STAMP_NS


def test_the_calibration_is_told_once(bench: Bench) -> None:
    for _ in range(2):
        bench.calibrated().intake.frame(Pair(image(), image()))
    assert bench.lines.lines == ["INFO stereo camera: 8x4 px, fx 50 px, baseline 0.5 m"]


def test_images_of_different_sizes_are_refused_with_both_sizes(bench: Bench) -> None:
    assert bench.calibrated().intake.frame(Pair(image(), image(size=(2, 4)))) is None
    assert bench.counts() == {"different_sizes": 1}
    assert bench.lines.lines == [
        "ERROR different_sizes: left and right images must be of one size, got 8x4 px and 4x2 px; "
        "let both drivers crop and resize alike"
    ]


def test_without_the_right_camera_info_pairs_are_dropped_and_its_topic_is_named(
    bench: Bench,
) -> None:
    bench.caches.left.put(camera_info(0.0))
    assert bench.intake.frame(Pair(image(), image())) is None
    assert bench.counts() == {"no_camera_info": 1}
    assert bench.lines.lines == [
        "ERROR no right CameraInfo yet on /cam/right/camera_info: frames are dropped, depth from "
        "disparity needs it"
    ]


def test_without_any_camera_info_both_topics_are_named(bench: Bench) -> None:
    assert bench.intake.frame(Pair(image(), image())) is None
    assert bench.counts() == {"no_camera_info": 1}
    assert (
        "no left CameraInfo yet on /cam/left/camera_info and "
        "no right CameraInfo yet on /cam/right/camera_info: "
    ) in bench.lines.lines[0]


def test_a_calibration_that_is_no_pair_is_refused_with_topics_values_and_remedy(
    bench: Bench,
) -> None:
    assert bench.calibrated(right_p3=0.0).intake.frame(Pair(image(), image())) is None
    assert bench.counts() == {"bad_camera_info": 1}
    line = bench.lines.lines[0]
    assert line.startswith(
        "ERROR bad_camera_info: on /cam/left/camera_info and /cam/right/camera_info: right P[3]"
    )
    assert "set baseline_m" in line


def test_a_given_baseline_stands_in_for_that_of_p() -> None:
    bench = Bench(baseline_m=0.25).calibrated(right_p3=0.0)
    frame = bench.intake.frame(Pair(image(), image()))
    assert frame is not None
    assert frame.camera.baseline_m == 0.25


def test_a_bad_right_image_is_refused_by_its_side_and_the_next_pair_is_taken(bench: Bench) -> None:
    bad = image()
    bad.encoding = "jpeg2000"
    assert bench.calibrated().intake.frame(Pair(image(), bad)) is None
    assert bench.counts() == {"bad_image": 1}
    assert bench.lines.lines[0].startswith("ERROR bad_image: right ")
    assert bench.intake.frame(Pair(image(), image())) is not None


def test_images_that_the_network_cannot_take_are_refused_with_the_remedy(bench: Bench) -> None:
    large = image(size=(4, 80))
    assert bench.calibrated().intake.frame(Pair(large, large)) is None
    assert bench.counts() == {"bad_size": 1}
    (line,) = bench.lines.lines
    assert line.startswith("ERROR bad_size: input.fit pad needs images of at most 64x64 px")
    assert "got 80x4 px; use input.fit resize" in line
