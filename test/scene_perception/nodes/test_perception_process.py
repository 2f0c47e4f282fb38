"""``mono_node`` and ``stereo_node`` as processes of their own: start, refusal, signals."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import rclpy
from lifecycle_msgs.srv import ChangeState
from rcl_interfaces.srv import SetParameters
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter

SMALL = ("network.height:=128", "network.width:=128")
LIMIT_S = 60.0
Start = Callable[..., "Process"]


class Kind(NamedTuple):
    """What differs between the nodes.

    Attributes:
        node: its name.
        published: log line of its last topic.
        subscribed: log line of its last subscription.
        wrong: a start-up value that it refuses.
        refusal: how.
    """

    node: str
    published: str
    subscribed: str
    wrong: str
    refusal: str


MONO = Kind(
    "mono_node",
    "publishes /depth/unit",
    "subscribes to /camera_info",
    "scale.source:=guess",
    "scale.source must be one of none, fixed, camera_height, odometry, got 'guess'",
)
STEREO = Kind(
    "stereo_node",
    "publishes /points",
    "subscribes to /right/camera_info",
    "sync.mode:=guess",
    "sync.mode must be one of exact, approximate, got 'guess'",
)


@pytest.fixture(params=[MONO, STEREO], ids=lambda kind: kind.node)
def kind(request: pytest.FixtureRequest) -> Kind:
    """Each node in turn."""
    return request.param


one_node = pytest.mark.parametrize("kind", [MONO], indirect=True, ids=["mono_node"])
"""For what a lifecycle manager sees, which both nodes inherit."""


class Process:
    """A running node and what it has written to stderr."""

    def __init__(self, node: str, folder: Path, *settings: str) -> None:
        self._stderr = folder / f"stderr-{len(list(folder.iterdir()))}.txt"
        arguments = [part for setting in settings for part in ("-p", setting)]
        with self._stderr.open("w") as stderr:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    f"scene_perception.nodes.{node}",
                    "--ros-args",
                    *arguments,
                ],
                stderr=stderr,
                stdout=stderr,
                env={**os.environ, "OMP_NUM_THREADS": "1"},
            )

    @property
    def stderr(self) -> str:
        return self._stderr.read_text()

    def wait(self) -> int:
        return self.process.wait(LIMIT_S)


@pytest.fixture
def start(tmp_path: Path, kind: Kind) -> Iterator[Start]:
    """Start processes; those that still run at the end are interrupted."""
    processes: list[Process] = []

    def begin(*settings: str) -> Process:
        processes.append(Process(kind.node, tmp_path, *settings))
        return processes[-1]

    yield begin
    for process in processes:
        print(process.stderr)
        if process.process.poll() is None:
            process.process.send_signal(signal.SIGINT)
            process.wait()


@pytest.fixture
def operator() -> Iterator[Node]:
    """Somebody with a terminal on the same robot."""
    context = Context()
    rclpy.init(context=context)
    node = Node("operator", context=context)
    yield node
    node.destroy_node()
    rclpy.shutdown(context=context)


def ask(
    operator: Node,
    kind: type,
    service: str,
    request: object,
    done: Callable[[], bool] = lambda: False,
) -> None:
    """Call a service until it answers or is ``done``: DDS may lose a first reply."""
    client = operator.create_client(kind, service)
    assert client.wait_for_service(LIMIT_S)
    executor = SingleThreadedExecutor(context=operator.context)
    executor.add_node(operator)
    deadline = time.monotonic() + LIMIT_S
    answered = False
    while not (answered or done()):
        assert time.monotonic() < deadline, f"{service} had no effect"
        future = client.call_async(request)
        executor.spin_until_future_complete(future, 5.0)
        answered = future.done()
    executor.shutdown()
    operator.destroy_client(client)


def change_state(operator: Node, node: str, transition: str, done: Callable[[], bool]) -> None:
    request = ChangeState.Request()
    request.transition.label = transition
    ask(operator, ChangeState, f"/{node}/change_state", request, done)


def test_repeated_sigints_end_it_cleanly_whenever_they_come(start: Start, kind: Kind, poll) -> None:
    process = start("network.backend:=constant", *SMALL)
    poll(lambda: kind.subscribed in process.stderr)

    def interrupted_again() -> bool:
        process.process.send_signal(signal.SIGINT)
        return process.process.poll() is not None

    poll(interrupted_again)
    assert process.wait() == 0
    assert "Traceback" not in process.stderr
    assert "fastdds_profile.xml" in process.stderr


def test_a_wrong_start_up_value_ends_it_with_one_plain_line(start: Start, kind: Kind) -> None:
    process = start(kind.wrong)
    assert process.wait() == 2
    assert process.stderr.splitlines() == [f"error: {kind.refusal}"]


@one_node
def test_with_weights_that_are_not_there_it_stays_up_and_an_operator_can_configure_it(
    start: Start, kind: Kind, poll, operator: Node
) -> None:
    process = start("network.weights:=/nowhere/w.safetensors", *SMALL)
    poll(lambda: "cannot configure: network.weights" in process.stderr)
    wanted = {"network.backend": "constant", "network.weights": ""}
    parameters = [Parameter(name, value=value).to_parameter_msg() for name, value in wanted.items()]
    request = SetParameters.Request(parameters=parameters)
    ask(operator, SetParameters, f"/{kind.node}/set_parameters", request)
    change_state(operator, kind.node, "configure", lambda: kind.published in process.stderr)
    change_state(operator, kind.node, "activate", lambda: kind.subscribed in process.stderr)
    process.process.send_signal(signal.SIGTERM)
    assert process.wait() == 0
    assert "Traceback" not in process.stderr


@one_node
def test_without_autostart_it_waits_for_a_manager(start: Start, kind: Kind, operator: Node) -> None:
    process = start("autostart:=false", "network.backend:=constant", *SMALL)
    change_state(operator, kind.node, "configure", lambda: kind.published in process.stderr)
    assert "subscribes" not in process.stderr
