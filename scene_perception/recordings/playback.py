"""When recorded messages are due: in real time, or frame by frame as the consumer asks."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from scene_perception.recordings import cdr
from scene_perception.recordings.bags import BagMessage, BagTopic

IMAGE_TYPES = (cdr.IMAGE, cdr.COMPRESSED_IMAGE)


class Source(Protocol):
    """What can be played back: ``bags.Bag`` or ``image_folder.ImageFolder``."""

    topics: tuple[BagTopic, ...]

    def messages(self, topics: Sequence[str] = ()) -> Iterator[BagMessage]:
        """Yield the messages of ``topics`` (none given: of all) in the order of their times."""
        ...

    def close(self) -> None:
        """Release what is open."""
        ...


class RealTime:
    """Maps recorded times to monotonic ones, ``rate`` times as fast as recorded.

    The mapping is absolute, so delays do not add up.
    """

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._recorded_ns = self._started_ns = 0

    def restart(self, recorded_ns: int, now_ns: int) -> None:
        """Let ``recorded_ns`` be due now."""
        self._recorded_ns, self._started_ns = recorded_ns, now_ns

    def due_ns(self, recorded_ns: int) -> int:
        """Return the monotonic time at which something recorded at ``recorded_ns`` is due."""
        return self._started_ns + round((recorded_ns - self._recorded_ns) / self._rate)

    def recorded_ns(self, now_ns: int) -> int:
        """Return the recorded time that the monotonic time ``now_ns`` stands for."""
        return self._recorded_ns + round((now_ns - self._started_ns) * self._rate)


class Answers:
    """What a consumer has answered, and which of its answers is due.

    Args:
        behind: how many frames later than its own a frame is answered.
    """

    def __init__(self, behind: int) -> None:
        self._behind = behind
        self._sent: deque[int] = deque()
        self._taken: set[int] = set()

    def restart(self) -> None:
        """Forget everything: the frames begin anew, with stamps that have been answered."""
        self._sent.clear()
        self._taken.clear()

    def send(self, stamp_ns: int) -> None:
        """Note that a frame is about to be sent; an answer to its stamp from before is void."""
        self._taken.intersection_update(self._sent)
        self._taken.discard(stamp_ns)
        self._sent.append(stamp_ns)

    def take(self, stamp_ns: int) -> None:
        """Note an answer."""
        self._taken.add(stamp_ns)

    def due(self) -> int | None:
        """Return the frame to wait for before the next is sent, None while there is none."""
        return self._sent.popleft() if len(self._sent) > self._behind else None

    def __contains__(self, stamp_ns: int) -> bool:
        return stamp_ns in self._taken


@dataclass(frozen=True)
class FrameMessages:
    """A frame and all that was recorded before the next one.

    Attributes:
        stamp_ns: header stamp of the frame; None before the first frame.
        messages: in the order of their times.
    """

    stamp_ns: int | None
    messages: tuple[BagMessage, ...]


def by_frame(messages: Iterable[BagMessage], frame_topic: str) -> Iterator[FrameMessages]:
    """Group messages so that each group but the first begins with one of ``frame_topic``.

    What belongs to a frame but was recorded after it (its CameraInfo, the right image) is
    thereby published before anybody waits for the frame's result.

    Raises:
        ValueError: for a frame without a header stamp.
    """
    group: list[BagMessage] = []
    stamp_ns: int | None = None
    for message in messages:
        if message.topic == frame_topic:
            if group:
                yield FrameMessages(stamp_ns, tuple(group))
            group, stamp_ns = [], cdr.header_stamp_ns(message.data)
        group.append(message)
    if group:
        yield FrameMessages(stamp_ns, tuple(group))


def whole(messages: Iterable[BagMessage], report: Callable[[str], None]) -> Iterator[BagMessage]:
    """Yield the messages that hold what their type says; ``report`` the others."""
    for message in messages:
        try:
            cdr.require_readable(message.data, message.type)
        except ValueError as error:
            report(f"skipped a damaged message on {message.topic} at {message.time_ns} ns: {error}")
        else:
            yield message


def names(listed: str) -> list[str]:
    """Return the names in a list separated by commas."""
    return [name.strip() for name in listed.split(",") if name.strip()]


def select(topics: Sequence[BagTopic], names: Sequence[str]) -> list[BagTopic]:
    """Return the topics called ``names``, or all where no name is given.

    Raises:
        ValueError: naming a topic that was not recorded, and those that were.
    """
    known = {topic.name: topic for topic in topics}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(f"topics must be among {sorted(known)}, got {unknown}")
    return [topic for topic in topics if not names or topic.name in names]


def frame_topic(topics: Sequence[BagTopic], name: str = "") -> str:
    """Return the topic whose messages are the frames: ``name``, or else the first of images.

    Raises:
        ValueError: if there is no such topic.
    """
    if name:
        return select(topics, [name])[0].name
    images = [topic.name for topic in topics if topic.type in IMAGE_TYPES]
    if not images:
        raise ValueError(
            f"pacing by the consumer needs a topic of {' or '.join(IMAGE_TYPES)}, "
            f"got {sorted(topic.type for topic in topics)}"
        )
    return images[0]
