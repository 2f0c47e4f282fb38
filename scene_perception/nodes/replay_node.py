"""Play a recording or a folder of images as topics, in real time or as the consumer asks."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from rclpy.duration import Duration
from rclpy.executors import Executor
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.time import Time
from rosgraph_msgs.msg import Clock

from scene_perception.nodes import parameters, topics
from scene_perception.nodes.replay_config import ReplayConfig
from scene_perception.nodes.replay_source import open_source
from scene_perception.nodes.run import run
from scene_perception.recordings.bags import BagMessage, BagTopic
from scene_perception.recordings.cdr import header_stamp_ns
from scene_perception.recordings.playback import (
    IMAGE_TYPES,
    Answers,
    RealTime,
    by_frame,
    frame_topic,
    names,
    select,
    whole,
)
from scene_perception.settings import walk

_NS_PER_S = 1_000_000_000
_LINGER_S = 0.3  # readers in other processes may still be copying from shared memory


class ReplayNode(Node):  # type: ignore[misc]
    """Publishes recorded messages as they are: the CDR bytes are passed through.

    Topics keep their recorded names, so ``--ros-args -r /image_rect:=/camera/image_rect``
    renames them.

    Raises:
        ValueError: for a parameter, topic or source that cannot be played.
        BagError: for a recording that is missing or damaged.
    """

    def __init__(self, **options: object) -> None:
        super().__init__("replay_node", **options)
        defaults = ReplayConfig()
        self.config = parameters.declare(self, defaults, [name for name, _, _ in walk(defaults)])
        self.published: Counter[str] = Counter()
        self.problems: Counter[str] = Counter()
        self._source = open_source(self.config, self._report_damaged)
        self._names: dict[str, str] = {}
        self._senders = self._make_senders()
        self._clock_sender = self.create_publisher(Clock, "/clock", 10)
        self._clock_ns = -1
        self._answers = Answers(self.config.answers_behind)

    def work(self, executor: Executor) -> None:
        """Wait for subscribers, then play; ``executor`` has this node and is spun meanwhile."""
        self._spinner = executor
        self._wait_for_consumers()
        self.get_logger().info(f"playing {self.config.source}")
        play = self._play_by_answers if self.config.pace == "consumer" else self._play_in_time
        while True:
            before = self.published.total()
            play()
            if self.published.total() == before:
                raise ValueError(f"source {self.config.source} holds no message to play")
            if not self.config.loop:
                break
        self._await_delivery()
        while not self.config.exit_at_end:
            self._spinner.spin_once()

    def finish(self) -> None:
        """Print what was published and close the source."""
        self._source.close()
        for topic in self._senders:
            print(f"published {self.published[topic]} on {self._names[topic]}", flush=True)
        for problem, count in self.problems.items():
            print(f"{problem}: {count}", flush=True)

    def _make_senders(self) -> dict[str, Publisher]:
        senders = {}
        for topic in select(self._source.topics, names(self.config.topics)):
            try:
                kind = topics.message_class(topic.type)
            except ValueError as error:
                self.get_logger().error(f"skipping {topic.name}: {error}")
                continue
            qos = topics.playback_qos(topic)
            senders[topic.name] = self.create_publisher(kind, topic.name, qos)
            self._names[topic.name] = name = self.resolve_topic_name(topic.name)
            self.get_logger().info(
                f"{name} ({topic.type}, {topic.count} messages): {topics.describe(qos)}"
            )
        if not senders:
            raise ValueError(f"source {self.config.source} has no topic that can be played")
        return senders

    def _playable(self) -> list[BagTopic]:
        return [topic for topic in self._source.topics if topic.name in self._senders]

    def _messages(self) -> Iterator[BagMessage]:
        return whole(self._source.messages(list(self._senders)), self._report_damaged)

    def _report_damaged(self, problem: str) -> None:
        self.problems["damaged"] += 1
        self.get_logger().warning(problem)

    def _wait_for_consumers(self) -> None:
        paced = self.config.pace == "consumer"
        self._frames = frame_topic(self._playable(), self.config.frame_topic) if paced else ""
        images = [t.name for t in self._playable() if t.type in IMAGE_TYPES]
        awaited = [self._frames] if paced else images or list(self._senders)
        heard = self._spin_until(
            lambda: any(self._senders[name].get_subscription_count() for name in awaited),
            self.config.wait_for_subscribers_s,
        )
        if not heard and self.config.wait_for_subscribers_s:
            where = ", ".join(self._names[name] for name in awaited)
            problem = f"nobody subscribes to {where} after {self.config.wait_for_subscribers_s} s"
            if paced:
                raise ValueError(f"{problem}; pace consumer needs a consumer")
            self.get_logger().warning(f"{problem}; playing all the same")
        if paced:
            self._listen_for_answers()
        if self.config.wait_for_subscribers_s:
            self._spin_until(lambda: False, self.config.delay_s)

    def _listen_for_answers(self) -> None:
        name = self.resolve_topic_name(self.config.pace_topic)
        timeout = self.config.wait_for_subscribers_s
        if not self._spin_until(lambda: bool(self.count_publishers(name)), timeout):
            raise ValueError(
                f"pace consumer needs a node that answers each frame on {name}, but nobody "
                f"publishes it after {timeout} s; start it, set pace_topic, or use pace time"
            )
        publishers = self.get_publishers_info_by_topic(name)
        kind = topics.message_class(publishers[0].topic_type)
        qos = topics.matching_qos(publishers, depth=5)
        self.create_subscription(kind, name, self._take_answer, qos, raw=True)

    def _take_answer(self, data: bytes) -> None:
        self._answers.take(header_stamp_ns(data))

    def _play_in_time(self) -> None:
        schedule = RealTime(self.config.rate)
        for index, message in enumerate(self._messages()):
            if index == 0:
                schedule.restart(message.time_ns, time.monotonic_ns())
            self._wait_until(message.time_ns, schedule)
            self._publish(message)

    def _play_by_answers(self) -> None:
        schedule = RealTime(self.config.rate)
        self._answers.restart()
        for index, frame in enumerate(by_frame(self._messages(), self._frames)):
            begins_ns = frame.messages[0].time_ns
            if index:
                self._wait_until(begins_ns, schedule)
            # From each frame anew: a slow answer is not caught up with.
            schedule.restart(begins_ns, time.monotonic_ns())
            if frame.stamp_ns is not None:
                self._answers.send(frame.stamp_ns)
            for message in frame.messages:
                self._publish(message)
            if (awaited := self._answers.due()) is not None:
                self._wait_for_answer(awaited)

    def _wait_for_answer(self, stamp_ns: int) -> None:
        timeout = self.config.answer_timeout_s
        if not self._spin_until(lambda: stamp_ns in self._answers, timeout):
            self.problems["unanswered"] += 1
            self.get_logger().warning(
                f"no answer to the frame of {stamp_ns} ns on {self.config.pace_topic} "
                f"within {timeout} s; going on"
            )

    def _wait_until(self, recorded_ns: int, schedule: RealTime) -> None:
        due_ns, tick_ns = schedule.due_ns(recorded_ns), round(_NS_PER_S / self.config.clock_hz)
        while (now_ns := time.monotonic_ns()) < due_ns:
            self._set_clock(schedule.recorded_ns(now_ns), tick_ns)
            self._spinner.spin_once(timeout_sec=min(due_ns - now_ns, tick_ns) / _NS_PER_S)

    def _spin_until(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        deadline = time.monotonic() + timeout_s
        while not condition():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            # Changes of the graph do not wake the executor.
            self._spinner.spin_once(timeout_sec=min(left, 0.05))
        return True

    def _publish(self, message: BagMessage) -> None:
        self._set_clock(message.time_ns)
        self._senders[message.topic].publish(message.data)
        self.published[message.topic] += 1

    def _set_clock(self, time_ns: int, at_least_ns: int = 1) -> None:
        jumped_back = time_ns < self._clock_ns
        if self.config.clock and (jumped_back or time_ns >= self._clock_ns + at_least_ns):
            self._clock_ns = time_ns
            self._clock_sender.publish(Clock(clock=Time(nanoseconds=time_ns).to_msg()))

    def _await_delivery(self) -> None:
        for sender in self._senders.values():
            sender.wait_for_all_acked(Duration(seconds=2.0))
        self._spin_until(lambda: False, _LINGER_S)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``replay_node`` and return its exit status."""
    return run(ReplayNode, arguments)


if __name__ == "__main__":
    sys.exit(main())
