"""What the tests of the nodes share: a robot around ``mono_node``, and waiting by polling."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from lifecycle_msgs.srv import ChangeState
from rcl_interfaces.msg import Log, Parameter, SetParametersResult
from rcl_interfaces.srv import SetParameters
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, Image

from scene_perception.geometry.camera import Intrinsics
from scene_perception.nodes.messages import camera_info_message, image_message
from scene_perception.nodes.mono_node import MonoNode

LIMIT_S = 20.0
WIDTH, HEIGHT = 96, 64
CAMERA = Intrinsics(80.0, 80.0, 47.5, 31.5, width=WIDTH, height=HEIGHT)
FRAME_ID = "front_camera_optical"
PERIOD_NS = 100_000_000
SMALL = {
    "network.backend": "constant",
    "network.height": 128,
    "network.width": 128,
    "diagnostics_period_s": 0.1,
}
SERVICES = {
    ChangeState: "/mono_node/change_state",
    SetParameters: "/mono_node/set_parameters",
}
SENSOR = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)
Poll = Callable[..., None]


def wait_until(condition: Callable[[], object], what: str = "the condition") -> None:
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not hold within {LIMIT_S} s"
        time.sleep(0.005)


@pytest.fixture
def poll() -> Poll:
    """Wait until a condition holds; fail after 20 s."""
    return wait_until


class Robot:
    """A camera and listeners in one node, ``mono_node`` in another, each with its executor."""

    def __init__(self, **settings: object) -> None:
        self._contexts = [Context(), Context()]
        for context in self._contexts:
            rclpy.init(context=context)
        overrides = [
            rclpy.parameter.Parameter(name, value=value)
            for name, value in {**SMALL, **settings}.items()
        ]
        self.node = MonoNode(context=self._contexts[0], parameter_overrides=overrides)
        self.peer = Node("robot", context=self._contexts[1])
        self.received: dict[str, list] = {}
        self.logs: list[str] = []
        self.peer.create_subscription(Log, "/rosout", self._log, QoSProfile(depth=1000))
        self.listen("/diagnostics", DiagnosticArray)
        self.images = self.peer.create_publisher(Image, "image_rect", SENSOR)
        self.infos = self.peer.create_publisher(CameraInfo, "camera_info", SENSOR)
        self._services = {
            kind: self.peer.create_client(kind, name) for kind, name in SERVICES.items()
        }
        self._executors = [self._spin(self.node), self._spin(self.peer)]

    def _spin(self, node: Node) -> tuple[SingleThreadedExecutor, Thread]:
        executor = SingleThreadedExecutor(context=node.context)
        executor.add_node(node)
        thread = Thread(target=executor.spin)
        thread.start()
        return executor, thread

    def _log(self, message: Log) -> None:
        if message.name == "mono_node":
            self.logs.append(message.msg)

    def close(self) -> None:
        for executor, thread in self._executors:
            executor.shutdown()
            thread.join()
        self.node.destroy_node()
        self.peer.destroy_node()
        for context in self._contexts:
            rclpy.shutdown(context=context)

    def call(self, kind: type, request: object) -> object:
        assert self._services[kind].wait_for_service(LIMIT_S), f"no service {SERVICES[kind]}"
        future = self._services[kind].call_async(request)
        wait_until(future.done, f"{SERVICES[kind]}'s answer")
        return future.result()

    def change_state(self, transition: str) -> bool:
        request = ChangeState.Request()
        request.transition.label = transition
        return bool(self.call(ChangeState, request).success)

    def start(self, *, camera_info: bool = True) -> Robot:
        """Configure, activate and wait until everything is connected."""
        assert self.change_state("configure"), self.logs
        assert self.change_state("activate"), self.logs
        wait_until(self.images.get_subscription_count, "the node's subscription")
        wait_until(self.infos.get_subscription_count, "the node's subscription")
        if camera_info:
            self.infos.publish(camera_info_message(CAMERA, 0, FRAME_ID))
        return self

    def set_parameter(self, name: str, value: object) -> SetParametersResult:
        given = rclpy.parameter.Parameter(name, value=value).to_parameter_msg()
        assert isinstance(given, Parameter)
        request = SetParameters.Request(parameters=[given])
        return self.call(SetParameters, request).results[0]

    def listen(self, topic: str, kind: type, qos: QoSProfile = SENSOR) -> list:
        """Collect what comes on a topic; returns once it is connected where it has a publisher."""
        kept = self.received.setdefault(topic, [])
        self.peer.create_subscription(kind, topic, kept.append, qos)
        wait_until(lambda: self.peer.count_publishers(topic), f"a publisher on {topic}")
        return kept

    def connected(self, topic: str) -> None:
        """Wait until ``mono_node``'s publisher on ``topic`` sees the subscription."""
        publisher = next(
            entry
            for entry in self.node.publishers
            if entry.topic_name == self.node.resolve_topic_name(topic)
        )
        wait_until(publisher.get_subscription_count, f"the subscription of {topic}")

    def image(self, index: int) -> Image:
        pixels = np.full((HEIGHT, WIDTH, 3), 40 + index, np.uint8)
        return image_message(pixels, "rgb8", (index + 1) * PERIOD_NS, FRAME_ID)

    def send(self, *indices: int) -> None:
        """Publish good frames one by one, each after the node has worked on the one before."""
        for index in indices:
            self.send_message(self.image(index))

    def send_message(self, message: object) -> None:
        before = self.finished()
        self.images.publish(message)
        wait_until(lambda: self.finished() > before, "the node's work on the frame")

    def finished(self) -> int:
        """Frames that the inference thread is through with."""
        return self.node.statistics.total("finished")

    def logged(self, text: str) -> str:
        """Wait for a log line that contains ``text`` and return it."""
        wait_until(lambda: any(text in line for line in self.logs), f"the log line {text!r}")
        return next(line for line in self.logs if text in line)

    def status(self, task: str, condition: Callable[[DiagnosticStatus], bool]) -> DiagnosticStatus:
        """Wait for a diagnostics status of ``task`` that fulfils ``condition``."""
        found: list[DiagnosticStatus] = []

        def look() -> bool:
            for message in list(self.received["/diagnostics"])[-3:]:
                found.extend(
                    entry
                    for entry in message.status
                    if entry.name == f"mono_node: {task}" and condition(entry)
                )
            return bool(found)

        wait_until(look, f"a status of {task}")
        return found[-1]


@pytest.fixture
def make_robot() -> Iterator[Callable[..., Robot]]:
    """Make robots with the parameters of their ``mono_node``."""
    robots: list[Robot] = []

    def make(**settings: object) -> Robot:
        named = {name.replace("__", "."): value for name, value in settings.items()}
        robots.append(Robot(**named))
        return robots[-1]

    yield make
    for robot in robots:
        robot.close()


@pytest.fixture
def latched() -> QoSProfile:
    """What a late subscriber asks a latched topic for."""
    return QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


@pytest.fixture
def text_as_weights(tmp_path: Path) -> Path:
    """A file that is no checkpoint."""
    path = tmp_path / "weights.safetensors"
    path.write_text("these are not the weights\n")
    return path
