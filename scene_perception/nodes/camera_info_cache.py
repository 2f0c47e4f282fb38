"""The newest CameraInfo of a topic, for a thread that converts images a little later."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from threading import Condition

from rclpy.node import Node
from sensor_msgs.msg import CameraInfo

from scene_perception.nodes.conversions import stamp_ns

_KEPT = 8


class CameraInfoCache:
    """Gives an image the CameraInfo of its own stamp, else the newest.

    A calibration rarely changes, so one of another stamp beats none. All methods may be
    called from any thread.

    Args:
        topic: resolved name, for messages.
        has_publisher: whether somebody publishes on the topic just now.
    """

    def __init__(self, topic: str, has_publisher: Callable[[], bool]) -> None:
        self.topic = topic
        self._has_publisher = has_publisher
        self._changed = Condition()
        self._kept: deque[tuple[int, CameraInfo]] = deque(maxlen=_KEPT)
        self._waited = False

    @classmethod
    def of(cls, node: Node, topic: str) -> CameraInfoCache:
        """Return a cache for ``topic`` that asks ``node``'s graph for publishers."""
        return cls(topic, lambda: bool(node.count_publishers(topic)))

    @property
    def is_empty(self) -> bool:
        """Whether none has come yet."""
        return not self._kept

    def put(self, message: CameraInfo) -> None:
        """Take the next CameraInfo."""
        with self._changed:
            self._kept.append((stamp_ns(message.header), message))
            self._changed.notify_all()

    def match(self, image_stamp_ns: int) -> CameraInfo | None:
        """Return the CameraInfo for an image; None before the first one."""
        with self._changed:
            for stamp, message in self._kept:
                if stamp == image_stamp_ns:
                    return message
            return self._kept[-1][1] if self._kept else None

    def await_first(self, timeout_s: float) -> None:
        """Wait once for the first CameraInfo, where it has a publisher.

        A camera sends image and CameraInfo together, but which arrives first is chance;
        without this the first frame would often go without intrinsics.
        """
        with self._changed:
            if self._waited or self._kept:
                return
            self._waited = True
        if self._has_publisher():
            with self._changed:
                self._changed.wait_for(lambda: bool(self._kept), timeout_s)
