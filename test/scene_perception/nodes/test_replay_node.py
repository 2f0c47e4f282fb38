from __future__ import annotations

import itertools
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import rclpy
from rcl_interfaces.msg import Log
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, qos_profile_sensor_data
from rosbags.rosbag2 import StoragePlugin, Writer
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import String

from scene_perception.nodes.messages import image_message
from scene_perception.nodes.replay_node import ReplayNode
from scene_perception.recordings import cdr
from scene_perception.recordings.bags import BagWriter

PERIOD_NS = 100_000_000
FIRST_NS = 5_000_000_000
STRING = "std_msgs/msg/String"


def stamp(index: int) -> int:
    return FIRST_NS + index * PERIOD_NS


def image(index: int, shape: tuple[int, int] = (12, 16)) -> bytes:
    return cdr.image(np.full(shape, index, np.uint8), "mono8", stamp(index), "camera")


def text(content: str) -> bytes:
    store = cdr.typestore()
    data = bytes(store.serialize_cdr(store.types[STRING](data=content), STRING))
    return data + bytes(-len(data) % 4)


def make_bag(path: Path, count: int = 5, storage: str = "mcap") -> Path:
    with BagWriter(path, storage) as writer:
        writer.add_topic("/labels", STRING, latched=True)
        writer.add_topic("/image_rect", cdr.IMAGE)
        writer.write("/labels", FIRST_NS, text("road"))
        for index in range(count):
            writer.write("/image_rect", stamp(index), image(index))
    return path


class Stage:
    """A replay node at work in one thread, and a listener beside it in another."""

    def __init__(self, **settings: object) -> None:
        self.context = Context()
        rclpy.init(context=self.context)
        self.peer = Node("listener", context=self.context)
        self.received: dict[str, list] = {}
        self._peer_executor = SingleThreadedExecutor(context=self.context)
        self._peer_executor.add_node(self.peer)
        self._peer_thread = threading.Thread(target=self._peer_executor.spin)
        self._settings = {"delay_s": 0.2, "wait_for_subscribers_s": 10.0, **settings}
        self.error: Exception | None = None

    def listen(self, topic: str, kind: type, *, raw: bool = True, qos: int | QoSProfile = 100):
        kept = self.received.setdefault(topic, [])
        self.peer.create_subscription(kind, topic, kept.append, qos, raw=raw)
        return kept

    def play(self, arguments: list[str] | None = None) -> Stage:
        self._peer_thread.start()
        self.node = ReplayNode(
            context=self.context,
            cli_args=arguments,
            parameter_overrides=[
                Parameter(name.replace("__", "."), value=value)
                for name, value in self._settings.items()
            ],
        )
        self._executor = SingleThreadedExecutor(context=self.context)
        self._executor.add_node(self.node)
        self.thread = threading.Thread(target=self._work)
        self.thread.start()
        return self

    def _work(self) -> None:
        try:
            self.node.work(self._executor)
        except Exception as error:  # noqa: BLE001 (for the test to look at)
            # Else it is an interrupt, as nodes.run meets it.
            if self.context.ok():
                self.error = error

    def ended(self) -> bool:
        return not self.thread.is_alive()

    def close(self) -> None:
        self._peer_executor.shutdown()
        if self._peer_thread.ident:
            self._peer_thread.join()
        self.peer.destroy_node()
        rclpy.shutdown(context=self.context)
        if hasattr(self, "node"):
            self.thread.join()
            self._executor.shutdown()
            self.node.finish()
            self.node.destroy_node()


@pytest.fixture
def stage() -> Iterator[Callable[..., Stage]]:
    stages: list[Stage] = []

    def make(**settings: object) -> Stage:
        stages.append(Stage(**settings))
        return stages[-1]

    yield make
    for made in stages:
        made.close()


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
def test_messages_arrive_with_the_bytes_that_were_recorded(stage, poll, tmp_path, storage):
    playing = stage(source=str(make_bag(tmp_path / "bag", storage=storage)), rate=10.0)
    images = playing.listen("/image_rect", Image)
    playing.play()
    poll(lambda: len(images) == 5, "five images")
    assert images == [image(index) for index in range(5)]
    poll(playing.ended, "the end")
    assert playing.error is None
    assert playing.node.published == {"/labels": 1, "/image_rect": 5}


def test_a_latched_topic_reaches_a_late_subscriber(stage, poll, tmp_path, latched):
    playing = stage(source=str(make_bag(tmp_path / "bag")), rate=50.0, exit_at_end=False)
    images = playing.listen("/image_rect", Image)
    playing.play()
    poll(lambda: len(images) == 5)
    labels = playing.listen("/labels", String, qos=latched)
    poll(lambda: labels == [text("road")], "the latched message")


def test_topics_are_renamed_as_ros_does(stage, poll, tmp_path):
    playing = stage(source=str(make_bag(tmp_path / "bag")), rate=50.0)
    images = playing.listen("/robot/camera", Image)
    playing.play(["--ros-args", "-r", "/image_rect:=/robot/camera"])
    poll(lambda: len(images) == 5)


def test_only_the_topics_asked_for_are_played(stage, poll, tmp_path):
    playing = stage(source=str(make_bag(tmp_path / "bag")), rate=50.0, topics="/image_rect")
    playing.listen("/image_rect", Image)
    playing.play()
    poll(playing.ended)
    assert playing.node.published == {"/image_rect": 5}


def test_clock_follows_the_recorded_time(stage, poll, tmp_path):
    playing = stage(source=str(make_bag(tmp_path / "bag")), rate=2.0)
    images = playing.listen("/image_rect", Image)
    clocks = playing.listen("/clock", Clock, raw=False)
    playing.play()
    poll(lambda: len(images) == 5 and playing.ended())
    times = [c.clock.sec * 10**9 + c.clock.nanosec for c in clocks]
    assert times == sorted(times)
    assert {stamp(index) for index in range(5)} <= set(times)
    # 0.4 recorded seconds take 0.2 s, in which the clock ticks at 40 Hz between messages.
    assert len(times) > 5
    assert times[-1] == stamp(4)


def test_without_clock_none_is_published(stage, poll, tmp_path):
    playing = stage(source=str(make_bag(tmp_path / "bag")), rate=50.0, clock=False)
    images = playing.listen("/image_rect", Image)
    clocks = playing.listen("/clock", Clock)
    playing.play()
    poll(lambda: len(images) == 5 and playing.ended())
    assert clocks == []


def test_time_pace_takes_the_recorded_time_over_the_rate(stage, poll, tmp_path):
    playing = stage(source=str(make_bag(tmp_path / "bag", count=21)), rate=4.0)
    arrived: list[float] = []
    playing.peer.create_subscription(
        Image, "/image_rect", lambda _: arrived.append(time.monotonic()), 100, raw=True
    )
    playing.play()
    poll(lambda: len(arrived) == 21)
    assert arrived[-1] - arrived[0] == pytest.approx(2.0 / 4.0, abs=0.2)


def test_a_loop_jumps_back_in_time(stage, poll, tmp_path):
    playing = stage(source=str(make_bag(tmp_path / "bag", count=3)), rate=50.0, loop=True)
    images = playing.listen("/image_rect", Image)
    clocks = playing.listen("/clock", Clock, raw=False)
    playing.play()
    poll(lambda: len(images) >= 7)
    indices = [(cdr.header_stamp_ns(m) - FIRST_NS) // PERIOD_NS for m in images[:7]]
    assert indices == [0, 1, 2, 0, 1, 2, 0]
    times = [c.clock.sec * 10**9 + c.clock.nanosec for c in clocks]
    assert any(later < earlier for earlier, later in itertools.pairwise(times))


def test_consumer_pace_waits_for_the_answer_to_each_frame(stage, poll, tmp_path):
    source = str(make_bag(tmp_path / "bag", count=12))
    playing = stage(source=source, pace="consumer", rate=100.0)
    answers = playing.peer.create_publisher(Image, "depth/image_rect", 5)
    frames: list[bytes] = []
    ahead: list[int] = []

    def answer(data: bytes) -> None:
        frames.append(data)
        ahead.append(playing.node.published["/image_rect"] - len(frames))
        pixels = np.zeros((2, 2), np.float32)
        answers.publish(image_message(pixels, "32FC1", cdr.header_stamp_ns(data), "camera"))

    playing.peer.create_subscription(Image, "/image_rect", answer, 100, raw=True)
    playing.play()
    poll(playing.ended)
    assert playing.error is None
    assert frames == [image(index) for index in range(12)]
    assert set(ahead) <= {0, -1}  # the count may be raised after the frame has arrived
    assert playing.node.problems == {}


def test_consumer_pace_serves_a_node_that_answers_a_frame_once_the_next_is_there(
    stage, poll, tmp_path
):
    source = str(make_bag(tmp_path / "bag", count=8))
    playing = stage(
        source=source, pace="consumer", rate=100.0, answers_behind=1, answer_timeout_s=5.0
    )
    answers = playing.peer.create_publisher(Image, "depth/image_rect", 5)
    frames: list[bytes] = []
    ahead: list[int] = []

    def answer_previous(data: bytes) -> None:
        ahead.append(playing.node.published["/image_rect"] - len(frames))
        frames.append(data)
        if len(frames) > 1:
            pixels = np.zeros((2, 2), np.float32)
            previous = cdr.header_stamp_ns(frames[-2])
            answers.publish(image_message(pixels, "32FC1", previous, "camera"))

    playing.peer.create_subscription(Image, "/image_rect", answer_previous, 100, raw=True)
    playing.play()
    poll(playing.ended)
    assert playing.error is None
    assert frames == [image(index) for index in range(8)]
    assert max(ahead) <= 2  # this frame and, at first, the one after it
    assert playing.node.problems == {}


def test_consumer_pace_is_never_faster_than_the_rate(stage, poll, tmp_path):
    source = str(make_bag(tmp_path / "bag", count=5))
    playing = stage(source=source, pace="consumer", rate=2.0)
    answers = playing.peer.create_publisher(Image, "depth/image_rect", 5)
    arrived: list[float] = []

    def answer(message: Image) -> None:
        arrived.append(time.monotonic())
        answers.publish(message)

    playing.peer.create_subscription(Image, "/image_rect", answer, 100)
    playing.play()
    poll(playing.ended)
    assert playing.node.problems == {}
    assert arrived[-1] - arrived[0] == pytest.approx(4 * 0.1 / 2.0, abs=0.15)
    assert arrived[-1] - arrived[0] > 0.15


def test_an_answer_to_another_frame_does_not_count_and_time_outs_are_reported(
    stage, poll, tmp_path
):
    playing = stage(
        source=str(make_bag(tmp_path / "bag", count=2)), pace="consumer", answer_timeout_s=0.3
    )
    answers = playing.peer.create_publisher(Image, "depth/image_rect", 5)
    pixels = np.zeros((2, 2), np.float32)
    playing.peer.create_subscription(
        Image,
        "/image_rect",
        lambda _: answers.publish(image_message(pixels, "32FC1", 77, "camera")),
        100,
        raw=True,
    )
    playing.play()
    poll(playing.ended)
    assert playing.node.published["/image_rect"] == 2
    assert playing.node.problems == {"unanswered": 2}


def test_consumer_pace_needs_a_consumer(stage, poll, tmp_path):
    source = str(make_bag(tmp_path / "bag"))
    playing = stage(source=source, pace="consumer", wait_for_subscribers_s=0.2).play()
    poll(playing.ended)
    assert "nobody subscribes to /image_rect after 0.2 s" in str(playing.error)


def test_consumer_pace_needs_somebody_who_answers(stage, poll, tmp_path):
    source = str(make_bag(tmp_path / "bag"))
    playing = stage(source=source, pace="consumer", wait_for_subscribers_s=0.5)
    playing.listen("/image_rect", Image)
    playing.play()
    poll(playing.ended)
    assert "answers each frame on /depth/image_rect, but nobody publishes it" in str(playing.error)


def test_a_damaged_message_is_skipped_and_counted(stage, poll, tmp_path):
    with BagWriter(tmp_path / "bag") as writer:
        writer.add_topic("/image_rect", cdr.IMAGE)
        for index in range(4):
            data = image(index)
            writer.write("/image_rect", stamp(index), data[:50] if index == 2 else data)
    playing = stage(source=str(tmp_path / "bag"), rate=50.0)
    images = playing.listen("/image_rect", Image)
    playing.play()
    poll(playing.ended)
    poll(lambda: images == [image(0), image(1), image(3)])
    assert playing.node.problems == {"damaged": 1}
    assert playing.error is None


def test_a_recording_that_ends_in_damage_plays_up_to_it_and_says_so(stage, poll, tmp_path):
    with BagWriter(tmp_path / "big") as writer:
        writer.add_topic("/image_rect", cdr.IMAGE)
        for index in range(8):
            writer.write("/image_rect", stamp(index), image(index, (600, 1000)))
    file = tmp_path / "big" / "big.mcap"
    content = bytearray(file.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 1_300_000] = b"\xa5" * 1_300_000
    file.write_bytes(content)
    playing = stage(source=str(tmp_path / "big"), rate=50.0, wait_for_subscribers_s=0.0).play()
    poll(playing.ended)
    assert 0 < playing.node.published["/image_rect"] < 8
    assert "big is truncated or damaged" in str(playing.error)


def make_bag_with_unknown_type(path: Path, *, images: bool) -> Path:
    with Writer(path, version=8, storage_plugin=StoragePlugin.MCAP) as writer:
        track = writer.add_connection(
            "/track", "no_such_msgs/msg/Track", msgdef="int32 x\n", rihs01="RIHS01_" + "0" * 64
        )
        writer.write(track, stamp(0), b"\x00\x01\x00\x00" + bytes(4))
        if images:
            camera = writer.add_connection("/image_rect", cdr.IMAGE, typestore=cdr.typestore())
            writer.write(camera, stamp(0), image(0))
    return path


def test_a_topic_of_a_type_that_is_not_installed_is_skipped(stage, poll, tmp_path):
    source = make_bag_with_unknown_type(tmp_path / "bag", images=True)
    playing = stage(source=str(source))
    images = playing.listen("/image_rect", Image)
    logs = playing.listen("/rosout", Log, raw=False, qos=1000)
    playing.play()
    poll(lambda: images == [image(0)])
    poll(playing.ended)
    assert playing.node.published == {"/image_rect": 1}
    said = "skipping /track: message type no_such_msgs/msg/Track is not installed"
    poll(lambda: any(log.msg.startswith(said) for log in logs))


def test_a_recording_of_unknown_types_alone_is_refused(stage, tmp_path):
    source = make_bag_with_unknown_type(tmp_path / "bag", images=False)
    with pytest.raises(ValueError, match="has no topic that can be played"):
        stage(source=str(source)).play()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "source must name a recording or a folder of images, got an empty"),
        ({"source": "/no/such/bag"}, "recording /no/such/bag does not exist"),
        (
            {"source": "BAG", "topics": "/imag"},
            "topics must be among .*'/image_rect'",
        ),
        ({"source": "BAG", "rate": 0.0}, "parameter rate|rate must be"),
        ({"source": "BAG", "pace": "fast"}, "pace must be one of time, consumer, got 'fast'"),
        ({"source": "EMPTY"}, "must hold .png, .jpg or .jpeg files, got none"),
    ],
)
def test_what_cannot_be_played_is_refused(stage, tmp_path, settings, message):
    (tmp_path / "empty").mkdir()
    places = {"BAG": str(make_bag(tmp_path / "bag")), "EMPTY": str(tmp_path / "empty")}
    given = {name: places.get(value, value) for name, value in settings.items()}
    with pytest.raises(ValueError, match=message):
        stage(**given).play()


def test_an_empty_recording_does_not_loop_for_ever(stage, poll, tmp_path):
    with BagWriter(tmp_path / "bag") as writer:
        writer.add_topic("/image_rect", cdr.IMAGE)
    playing = stage(source=str(tmp_path / "bag"), loop=True, wait_for_subscribers_s=0.0).play()
    poll(playing.ended)
    assert "holds no message to play" in str(playing.error)


def test_a_folder_of_images_plays_in_the_nodes_namespace_with_its_camera(stage, poll, tmp_path):
    for index in range(3):
        cv2.imwrite(str(tmp_path / f"{index}.png"), np.full((8, 10, 3), index, np.uint8))
    (tmp_path / "1.png").write_bytes(b"rubbish")
    playing = stage(source=str(tmp_path), images__fx=5.0, images__fps=50.0)
    images = playing.listen("/robot/image_rect", Image, raw=False)
    infos = playing.listen("/robot/camera_info", CameraInfo, raw=False)
    playing.play(["--ros-args", "-r", "__ns:=/robot"])
    poll(lambda: len(images) == len(infos) == 2)
    assert [i.data[0] for i in images] == [0, 2]
    assert images[0].encoding == "rgb8"
    assert images[0].header == infos[0].header
    assert infos[0].k.tolist() == [5, 0, 4.5, 0, 5, 3.5, 0, 0, 1]
    assert playing.node.problems == {"damaged": 1}


def test_compressed_images_can_be_the_frames(stage, poll, tmp_path):
    with BagWriter(tmp_path / "bag") as writer:
        writer.add_topic("/image_rect/compressed", cdr.COMPRESSED_IMAGE)
        data = cdr.compressed_image(b"jpeg", "jpeg", stamp(0), "camera")
        writer.write("/image_rect/compressed", stamp(0), data)
    playing = stage(source=str(tmp_path / "bag"))
    images = playing.listen("/image_rect/compressed", CompressedImage)
    playing.play()
    poll(lambda: images == [data])


def run_replay(*parameters: str) -> subprocess.Popen:
    settings = [part for parameter in parameters for part in ("-p", parameter)]
    return subprocess.Popen(
        [sys.executable, "-m", "scene_perception.nodes.replay_node", "--ros-args", *settings],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ,
    )


def test_large_images_reach_a_best_effort_subscriber_of_another_process(stage, poll, tmp_path):
    with BagWriter(tmp_path / "bag") as writer:
        writer.add_topic("/image_rect", cdr.IMAGE)
        for index in range(15):
            writer.write("/image_rect", stamp(index), image(index, (375, 3726)))
    listening = stage()
    images = listening.listen("/image_rect", Image, qos=qos_profile_sensor_data)
    listening._peer_thread.start()
    # Nothing sends a lost message again: discovery and the listener get their time.
    with run_replay(f"source:={tmp_path / 'bag'}", "rate:=1.0", "delay_s:=2.0") as process:
        output, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors
    assert "published 15 on /image_rect" in output
    assert images == [image(index, (375, 3726)) for index in range(15)]


def test_an_interrupt_ends_the_process_cleanly_with_its_counts(tmp_path):
    source = make_bag(tmp_path / "bag")
    with run_replay(f"source:={source}", "loop:=true", "wait_for_subscribers_s:=0.0") as process:
        for line in process.stderr:
            if "playing" in line:
                break
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)  # as `ros2 launch` does
        output, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors
    assert re.search(r"published \d+ on /image_rect", output)
    assert "Traceback" not in errors


def test_a_missing_recording_ends_the_process_with_one_line(tmp_path):
    with run_replay(f"source:={tmp_path / 'none'}") as process:
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 2
    assert errors == f"error: recording {tmp_path / 'none'} does not exist\n"
