"""What the tests of the nodes share: robots around a node, and waiting by polling."""

from __future__ import annotations

import functools
import os
import re
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import ClassVar, TypeVar

import numpy as np
import pytest
import rclpy
import torch
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rcl_interfaces.msg import SetParametersResult
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, Image

from scene_perception.checkpoints.weights import save_weights
from scene_perception.engines.config import NetworkConfig
from scene_perception.engines.load import LoadedEngines, load_dwarf_engines, load_mono_engines
from scene_perception.engines.random_weights import random_omeganet
from scene_perception.geometry.camera import Intrinsics
from scene_perception.nodes.messages import camera_info_message, image_message
from scene_perception.nodes.mono_node import MonoNode
from scene_perception.nodes.perception_node import PerceptionNode
from scene_perception.nodes.stereo_node import StereoNode

LIMIT_S = 60.0
WIDTH, HEIGHT = 96, 64
CAMERA = Intrinsics(80.0, 80.0, 47.5, 31.5, width=WIDTH, height=HEIGHT)
FRAME_ID = "front_camera_optical"
PERIOD_NS = 100_000_000
SMALL = {
    "network.backend": "constant",
    "network.height": 128,
    "network.width": 128,
    "diagnostics_period_s": 0.1,
    # Best effort may lose a message that is sent while the two ends still meet.
    "image_reliability": "reliable",
}
SENSOR = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)
BASELINE_M = 0.5
SIDES = ("left", "right")
Poll = Callable[..., None]
Loader = Callable[..., LoadedEngines]
T = TypeVar("T")


@functools.cache
def load_once(config: NetworkConfig, model: str = "omeganet", **weights: str) -> LoadedEngines:
    """Load the engines of one configuration once for all tests; constant engines keep nothing."""
    torch.set_num_threads(1)
    return load_mono_engines(config, model, **weights)


@functools.cache
def load_dwarf_once(config: NetworkConfig, semantics: NetworkConfig | None) -> LoadedEngines:
    """Load the engines of one configuration once for all tests."""
    torch.set_num_threads(1)
    return load_dwarf_engines(config, semantics)


def wait_until(condition: Callable[[], object], what: str = "the condition") -> None:
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not hold within {LIMIT_S} s"
        time.sleep(0.005)


@pytest.fixture
def poll() -> Poll:
    """Wait until a condition holds; fail after a minute."""
    return wait_until


class Robot(ABC):
    """Cameras and listeners in one node, ours in another, each with its executor."""

    node_class: ClassVar[type[PerceptionNode]]
    name: ClassVar[str]

    def __init__(self, read_stderr: Callable[[], str], load: Loader, **settings: object) -> None:
        self._read_stderr = read_stderr
        # One context is one DDS participant: both nodes see each other at once.
        self.context = Context()
        rclpy.init(context=self.context)
        overrides = [
            rclpy.parameter.Parameter(name, value=value)
            for name, value in {**SMALL, **settings}.items()
        ]
        try:
            self.node = self.node_class(load, context=self.context, parameter_overrides=overrides)
        except ValueError:
            rclpy.shutdown(context=self.context)
            raise
        self.peer = Node("robot", context=self.context)
        self.received: dict[str, list] = {}
        self.listen("/diagnostics", DiagnosticArray)
        self.open_cameras()
        self._executors = [self._spin(self.node), self._spin(self.peer)]

    @abstractmethod
    def open_cameras(self) -> None:
        """Make the cameras' publishers."""

    def _spin(self, node: Node) -> tuple[SingleThreadedExecutor, Thread]:
        executor = SingleThreadedExecutor(context=node.context)
        executor.add_node(node)
        thread = Thread(target=executor.spin)
        thread.start()
        return executor, thread

    @property
    def logs(self) -> list[str]:
        """What our node has logged; /rosout is shared by all nodes of one name."""
        start = re.compile(rf"^\[[A-Z]+\] {self.name}: ", re.MULTILINE)
        return [line.strip() for line in start.split(self._read_stderr())[1:]]

    def close(self) -> None:
        for executor, thread in self._executors:
            executor.shutdown()
            thread.join()
        self.node.destroy_node()
        self.peer.destroy_node()
        rclpy.shutdown(context=self.context)

    def in_executor(self, action: Callable[[], T]) -> T:
        """Run ``action`` in our node's executor thread, as a service call would."""
        task = self._executors[0][0].create_task(action)
        wait_until(task.done, "the executor's work")
        return task.result()

    def change_state(self, transition: str) -> bool:
        trigger = getattr(self.node, f"trigger_{transition}")
        return bool(self.in_executor(trigger) == TransitionCallbackReturn.SUCCESS)

    def activate(self, *publishers: Publisher) -> None:
        """Configure, activate and wait until the cameras' publishers are connected."""
        assert self.change_state("configure"), self.logs
        assert self.change_state("activate"), self.logs
        for publisher in publishers:
            wait_until(publisher.get_subscription_count, "the node's subscription")

    def set_parameter(self, name: str, value: object) -> SetParametersResult:
        given = [rclpy.parameter.Parameter(name, value=value)]
        return self.in_executor(lambda: self.node.set_parameters(given))[0]

    def listen(self, topic: str, kind: type, qos: QoSProfile = SENSOR) -> list:
        """Collect what comes on a topic; returns once it is connected where it has a publisher."""
        kept = self.received.setdefault(topic, [])
        self.peer.create_subscription(kind, topic, kept.append, qos)
        wait_until(lambda: self.peer.count_publishers(topic), f"a publisher on {topic}")
        return kept

    def connected(self, topic: str) -> None:
        """Wait until our node's publisher on ``topic`` sees the subscription."""
        publisher = next(
            entry
            for entry in self.node.publishers
            if entry.topic_name == self.node.resolve_topic_name(topic)
        )
        wait_until(publisher.get_subscription_count, f"the subscription of {topic}")

    def subscribe(self, *topics: str, kind: type = Image) -> list[list]:
        """Collect what comes on several topics, each connected to our node."""
        kept = [self.listen(topic, kind) for topic in topics]
        for topic in topics:
            self.connected(topic)
        return kept

    def image(self, index: int) -> Image:
        pixels = np.full((HEIGHT, WIDTH, 3), 40 + index % 200, np.uint8)
        return image_message(pixels, "rgb8", (index + 1) * PERIOD_NS, FRAME_ID)

    def finished(self) -> int:
        """Frames that the inference thread is through with."""
        return self.node.statistics.total("finished")

    def logged(self, text: str) -> str:
        """Wait for a log line that contains ``text`` and return it."""
        found: list[str] = []

        def look() -> bool:
            found.extend(line for line in self.logs if text in line)
            return bool(found)

        wait_until(look, f"the log line {text!r}")
        return found[0]

    def status(self, task: str, condition: Callable[[DiagnosticStatus], bool]) -> DiagnosticStatus:
        """Wait for a diagnostics status of ``task`` that fulfils ``condition``."""
        found: list[DiagnosticStatus] = []

        def look() -> bool:
            for message in list(self.received["/diagnostics"])[-3:]:
                found.extend(
                    entry
                    for entry in message.status
                    if entry.name == f"{self.name}: {task}" and condition(entry)
                )
            return bool(found)

        wait_until(look, f"a status of {task}")
        return found[-1]


class MonoRobot(Robot):
    """One camera."""

    node_class, name = MonoNode, "mono_node"

    def open_cameras(self) -> None:
        self.images = self.peer.create_publisher(Image, "image_rect", SENSOR)
        self.infos = self.peer.create_publisher(CameraInfo, "camera_info", SENSOR)

    def start(self, *, camera_info: bool = True) -> MonoRobot:
        """Configure, activate and wait until everything is connected."""
        self.activate(self.images, self.infos)
        if camera_info:
            self.infos.publish(camera_info_message(CAMERA, 0, FRAME_ID))
        return self

    def send(self, *indices: int) -> None:
        """Publish good frames one by one, each after the node has worked on the one before."""
        for index in indices:
            self.send_message(self.image(index))

    def send_message(self, message: object) -> None:
        before = self.finished()
        self.images.publish(message)
        wait_until(lambda: self.finished() > before, "the node's work on the frame")


class StereoRobot(Robot):
    """Two cameras, ``BASELINE_M`` apart."""

    node_class, name = StereoNode, "stereo_node"

    def open_cameras(self) -> None:
        create = self.peer.create_publisher
        self.images = {s: create(Image, f"{s}/image_rect", SENSOR) for s in SIDES}
        self.infos = {s: create(CameraInfo, f"{s}/camera_info", SENSOR) for s in SIDES}

    def start(self, *, camera_info: bool = True) -> StereoRobot:
        """Configure, activate and wait until everything is connected."""
        self.activate(*self.images.values(), *self.infos.values())
        if camera_info:
            self.calibrate()
        return self

    def calibrate(self, baseline_m: float = BASELINE_M) -> None:
        """Publish both cameras' CameraInfo."""
        for side in SIDES:
            self.infos[side].publish(self.camera_info(side, baseline_m))

    def camera_info(self, side: str, baseline_m: float = BASELINE_M) -> CameraInfo:
        message = camera_info_message(CAMERA, 0, FRAME_ID)
        message.p[3] = -CAMERA.fx * baseline_m if side == "right" else 0.0
        return message

    def send(self, *indices: int) -> None:
        """Publish good pairs one by one, each after the node has worked on the one before."""
        for index in indices:
            self.send_pair(self.image(index), self.image(index))

    def send_pair(self, left: object, right: object) -> None:
        """Publish a pair and wait for the node's work on it."""
        before = self.finished()
        self.send_images(left, right)
        wait_until(lambda: self.finished() > before, "the node's work on the pair")

    def send_images(self, left: object, right: object) -> None:
        """Publish two images, which may be no pair, and wait until both have arrived."""
        arrived = [f"{side}_received" for side in SIDES]
        expected = [self.node.statistics.total(name) + 1 for name in arrived]
        self.images["left"].publish(left)
        self.images["right"].publish(right)
        wait_until(
            lambda: [self.node.statistics.total(name) for name in arrived] == expected, "arrival"
        )


class Stderr:
    """The process's stderr as a file: ``capfd`` loses what is written while a test reads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept = os.dup(2)
        with path.open("ab") as file:
            os.dup2(file.fileno(), 2)

    def read(self) -> str:
        return self._path.read_text()

    def restore(self) -> None:
        os.dup2(self._kept, 2)
        os.close(self._kept)
        print(self.read(), file=sys.stderr)


def robots(
    tmp_path: Path, kind: type[Robot], default_load: Loader
) -> Iterator[Callable[..., Robot]]:
    """Yield what makes robots, and take them down in the end."""
    opened: list[Stderr] = []
    made: list[Robot] = []

    def make(load: Loader = default_load, **settings: object) -> Robot:
        # Not before the test runs: pytest puts its own file there between setup and call.
        opened.append(Stderr(tmp_path / f"stderr-{len(opened)}.txt"))
        named = {name.replace("__", "."): value for name, value in settings.items()}
        made.append(kind(opened[-1].read, load, **named))
        return made[-1]

    yield make
    for robot in made:
        robot.close()
    for stderr in reversed(opened):
        stderr.restore()


@pytest.fixture
def make_robot(tmp_path: Path) -> Iterator[Callable[..., Robot]]:
    """Make robots with the parameters of their ``mono_node``."""
    yield from robots(tmp_path, MonoRobot, load_once)


@pytest.fixture
def make_stereo_robot(tmp_path: Path) -> Iterator[Callable[..., Robot]]:
    """Make robots with the parameters of their ``stereo_node``."""
    yield from robots(tmp_path, StereoRobot, load_dwarf_once)


@pytest.fixture
def load_engines() -> Loader:
    """Load engines as ``make_robot``'s nodes do."""
    return load_once


@pytest.fixture
def load_stereo_engines() -> Loader:
    """Load engines as ``make_stereo_robot``'s nodes do."""
    return load_dwarf_once


@pytest.fixture
def latched() -> QoSProfile:
    """What a late subscriber asks a latched topic for."""
    return QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


@pytest.fixture(scope="session")
def omeganet_weights(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A file with random weights of OmegaNet."""
    path = tmp_path_factory.mktemp("weights") / "omeganet.safetensors"
    save_weights(path, random_omeganet().state_dict(), {"model": "omeganet", "source": "test"})
    return str(path)


@pytest.fixture
def text_as_weights(tmp_path: Path) -> Path:
    """A file that is no checkpoint."""
    path = tmp_path / "weights.safetensors"
    path.write_text("these are not the weights\n")
    return path
