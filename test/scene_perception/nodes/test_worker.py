import dataclasses
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from scene_perception.nodes.camera_info_cache import CameraInfoCache
from scene_perception.nodes.frame_intake import FrameIntake
from scene_perception.nodes.journal import Journal
from scene_perception.nodes.messages import image_message
from scene_perception.nodes.mono_config import MonoNodeConfig
from scene_perception.nodes.parameters import with_values
from scene_perception.nodes.statistics import Statistics
from scene_perception.nodes.throttled_log import ThrottledLog
from scene_perception.nodes.worker import Worker
from scene_perception.pipelines.mono import MonoPipeline, MonoResult

PERIOD_NS = 100_000_000
SETTINGS = {
    "network.backend": "constant",
    "network.height": 128,
    "network.width": 128,
}


class Ears:
    """A sink that keeps what it is given, and may listen to motion or fail."""

    def __init__(self) -> None:
        self.depths: list[int] = []
        self.motions: list[int] = []
        self.is_metric = False
        self.listens_to_motion = True
        self.fails = False

    def wants_motion(self) -> bool:
        return self.listens_to_motion

    def publish(self, result: MonoResult) -> None:
        if self.fails:
            raise RuntimeError("the publisher is gone")
        self.is_metric = result.depth.scale.is_metric
        self.depths.append(result.depth.stamp_ns // PERIOD_NS)
        if result.motion is not None:
            self.motions.append(result.motion.stamp_ns // PERIOD_NS)


class Silence:
    """A logger that keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def warning(self, text: str) -> None:
        self.lines.append(text)

    def error(self, text: str) -> None:
        self.lines.append(text)


class Bench:
    """A running worker with real engines of constants and its parts at hand."""

    def __init__(self, load_engines: Callable, poll: Callable) -> None:
        self.config = with_values(MonoNodeConfig(), SETTINGS)
        self.ears, self.statistics, self.silence = Ears(), Statistics(), Silence()
        self.poll = poll
        journal = Journal(self.statistics, ThrottledLog(self.silence))
        cameras = CameraInfoCache("/camera_info", lambda: False)
        self.worker = Worker(
            MonoPipeline(load_engines(self.config.network).engines, self.config),
            FrameIntake(cameras, journal, 0.0),
            self.ears,
            self.config,
            journal,
        )
        self.worker.start()

    def send(self, *indices: int) -> None:
        for index in indices:
            before = self.statistics.total("finished")
            pixels = np.full((16, 24, 3), 90, np.uint8)
            self.worker.submit(image_message(pixels, "rgb8", index * PERIOD_NS, "camera"))
            self.poll(lambda before=before: self.statistics.total("finished") > before)


@pytest.fixture
def bench(load_engines: Callable, poll: Callable) -> Iterator[Bench]:
    bench = Bench(load_engines, poll)
    yield bench
    assert bench.worker.stop()


def test_depth_comes_at_once_and_motion_with_the_next_frame(bench: Bench) -> None:
    bench.send(1, 2, 3, 4)
    assert bench.ears.depths == [1, 2, 3, 4]
    assert bench.ears.motions == [2, 3]


def test_motion_begins_when_somebody_listens_without_losing_a_frame(bench: Bench) -> None:
    bench.ears.listens_to_motion = False
    bench.send(1, 2, 3)
    assert bench.ears.motions == []
    bench.ears.listens_to_motion = True
    bench.send(4)
    assert bench.ears.motions == [3]


def test_a_publisher_that_fails_costs_its_frame_only(bench: Bench) -> None:
    bench.ears.fails = True
    bench.send(1)
    bench.ears.fails = False
    bench.send(2)
    assert bench.statistics.total("publish_error") == 1
    assert any("RuntimeError: the publisher is gone" in line for line in bench.silence.lines)
    assert bench.ears.depths == [2]


def test_new_settings_hold_from_the_next_frame(bench: Bench) -> None:
    bench.send(1)
    assert not bench.ears.is_metric
    scale = dataclasses.replace(bench.config.scale, source="fixed", factor=2.0)
    bench.worker.configure(dataclasses.replace(bench.config, scale=scale))
    bench.send(2, 3)
    assert bench.ears.is_metric
    assert bench.ears.motions == [2]


def test_a_stopped_worker_ignores_images(bench: Bench) -> None:
    assert bench.worker.stop()
    bench.worker.submit(image_message(np.zeros((4, 4, 3), np.uint8), "rgb8", 0, "camera"))
    assert bench.statistics.total("finished") == 0
