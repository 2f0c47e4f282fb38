"""Pairs of messages by their stamps, with the interface of message_filters' Python classes.

Every robot has message_filters, and then ``filters`` gives its classes; the ones here stand in
where it cannot be imported, such as beside the ROS wheels. Both behave alike: a message waits
in a queue of its input, keyed by its stamp, and the oldest one leaves a full queue. Inputs
are fed by ``signalMessage``, as the subscriptions are made elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol

from std_msgs.msg import Header

from scene_perception.nodes.conversions import NANOSECONDS, stamp_ns


class Stamped(Protocol):
    """A message with a header."""

    header: Header


class Input(Protocol):
    """Where messages come in; ``message_filters.SimpleFilter`` is one."""

    def registerCallback(self, callback: Callable[..., None], *arguments: object) -> int:
        """Call ``callback(message, *arguments)`` for each message."""
        ...

    def signalMessage(self, *messages: object) -> None:
        """Hand over a message."""
        ...


@dataclass(frozen=True)
class Filters:
    """The classes of one implementation.

    Attributes:
        name: of the implementation, for the log.
        simple: ``SimpleFilter()``.
        exact: ``TimeSynchronizer(inputs, queue_size)``.
        approximate: ``ApproximateTimeSynchronizer(inputs, queue_size, slop)``, slop in s.
    """

    name: str
    simple: Callable[[], Input]
    exact: Callable[[Sequence[Input], int], Input]
    approximate: Callable[[Sequence[Input], int, float], Input]


class SimpleFilter:
    """Hands each message to everyone who registered."""

    def __init__(self) -> None:
        self.callbacks: dict[int, tuple[Callable[..., None], tuple[object, ...]]] = {}

    def registerCallback(self, callback: Callable[..., None], *arguments: object) -> int:
        """Call ``callback(*messages, *arguments)`` from now on."""
        connection = len(self.callbacks)
        self.callbacks[connection] = (callback, arguments)
        return connection

    def signalMessage(self, *messages: object) -> None:
        """Call everyone who registered."""
        for callback, arguments in self.callbacks.values():
            callback(*messages, *arguments)


class TimeSynchronizer(SimpleFilter):
    """Pairs messages of exactly one stamp; for two inputs and one thread.

    Args:
        inputs: the two inputs.
        queue_size: messages of each input that wait for their partner.

    Raises:
        ValueError: for another number of inputs or a queue below 1.
    """

    def __init__(self, inputs: Sequence[Input], queue_size: int) -> None:
        super().__init__()
        if len(inputs) != 2 or queue_size < 1:
            raise ValueError(
                f"synchronizer must have 2 inputs and a queue of at least 1, got {len(inputs)} "
                f"inputs and a queue of {queue_size}"
            )
        self.queue_size = queue_size
        self.queues: list[dict[int, Stamped]] = [{}, {}]
        for index, source in enumerate(inputs):
            source.registerCallback(self.add, self.queues[index], index)

    def add(self, message: Stamped, my_queue: dict[int, Stamped], my_queue_index: int) -> None:
        """Take a message of input ``my_queue_index``, whose queue is ``my_queue``."""
        stamp = stamp_ns(message.header)
        my_queue[stamp] = message
        while len(my_queue) > self.queue_size:
            del my_queue[min(my_queue)]
        if stamp in my_queue:
            self._pair(stamp, my_queue_index)

    def _pair(self, stamp: int, index: int) -> None:
        """Signal the message ``stamp`` of input ``index`` with its partner, if it is there."""
        if stamp in self.queues[1 - index]:
            self._signal(index, stamp, stamp)

    def _signal(self, index: int, stamp: int, partner: int) -> None:
        stamps = (stamp, partner) if index == 0 else (partner, stamp)
        self.signalMessage(*(q.pop(s) for q, s in zip(self.queues, stamps, strict=True)))


class ApproximateTimeSynchronizer(TimeSynchronizer):
    """Pairs each message, as it comes, with the nearest one of the other input.

    Args:
        inputs: the two inputs.
        queue_size: messages of each input that wait for their partner.
        slop: stamps must differ by less, s.

    Raises:
        ValueError: as ``TimeSynchronizer``.
    """

    def __init__(self, inputs: Sequence[Input], queue_size: int, slop: float) -> None:
        super().__init__(inputs, queue_size)
        self._slop_ns = int(slop * NANOSECONDS)

    def _pair(self, stamp: int, index: int) -> None:
        others = self.queues[1 - index]
        nearest = min(others, key=lambda other: abs(other - stamp), default=None)
        if nearest is not None and abs(nearest - stamp) < self._slop_ns:
            self._signal(index, stamp, nearest)


def own_filters() -> Filters:
    """Return the classes of this module."""
    return Filters("own", SimpleFilter, TimeSynchronizer, ApproximateTimeSynchronizer)


def message_filters() -> Filters:
    """Return the classes of the package message_filters.

    Raises:
        ImportError: where it is not installed.
    """
    package = import_module("message_filters")
    return Filters(
        "message_filters",
        package.SimpleFilter,
        package.TimeSynchronizer,
        package.ApproximateTimeSynchronizer,
    )


def filters() -> Filters:
    """Return message_filters' classes where they can be imported, else our own."""
    try:
        return message_filters()
    except ImportError:
        return own_filters()
