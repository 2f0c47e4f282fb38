"""Predictions that a live node published, from a recording, by the stamp of their frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from offline.datasets.samples import Sample
from offline.evaluation.run import Images, Source
from offline.evaluation.task import Outputs
from scene_perception.recordings import cdr
from scene_perception.recordings.bags import Bag

Arrays = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Recorded:
    """How one task was published.

    Attributes:
        topic: without the node's namespace.
        outputs: of one message, and the seconds from its frame to the next one described.
    """

    topic: str
    outputs: Callable[[Any, float], Arrays]


def recorded_source(
    bag: Path, task: str, samples: Sequence[Sample], namespace: str = ""
) -> tuple[Source, tuple[Sample, ...]]:
    """Return recorded predictions and the samples that they describe, by increasing stamp.

    The recording is read in its order: samples must be asked for in theirs.

    Args:
        bag: of a node's outputs, as ``record_node`` or ``ros2 bag record`` makes it.
        task: as ``offline.evaluate``.
        samples: of the drive that was replayed.
        namespace: of the node.

    Raises:
        BagError: if the recording cannot be read.
        ValueError: for a task that nodes do not publish, a recording without its topic, or one
            that shares no stamp with the samples.
    """
    if task not in RECORDED:
        raise ValueError(f"recordings hold {', '.join(RECORDED)}, got {task}")
    recorded = RECORDED[task]
    topic = f"{namespace.rstrip('/')}/{recorded.topic}"
    shared = described(samples, _stamps_ns(bag, topic))
    intervals_s = _intervals_s([sample.stamp_ns or 0 for sample in shared])
    messages = _Messages(bag, topic)

    def predict(index: int, sample: Sample, _: Images) -> Outputs:
        return recorded.outputs(messages.at(sample.stamp_ns or 0), intervals_s[index])

    return Source((), predict, f"{bag}, {topic}", parallel=False), shared


def _intervals_s(stamps_ns: Sequence[int]) -> NDArray[np.float64]:
    """Return the time to each next stamp; the last one's is that of the one before."""
    seconds = np.diff(np.array(stamps_ns, np.int64)) * 1e-9
    return np.append(seconds, seconds[-1:] if len(seconds) else 1.0)


def recorded_tasks(bag: Path, namespace: str = "") -> tuple[str, ...]:
    """Return the tasks whose topics a recording has.

    Raises:
        BagError: if the recording cannot be read.
        ValueError: if it has none of them.
    """
    with Bag(bag) as opened:
        names = {topic.name for topic in opened.topics}
    topics = {task: f"{namespace.rstrip('/')}/{how.topic}" for task, how in RECORDED.items()}
    found = tuple(task for task, topic in topics.items() if topic in names)
    if not found:
        raise ValueError(
            f"{bag} must have one of the topics {', '.join(topics.values())}, it has "
            f"{', '.join(sorted(names)) or 'none'}; --namespace says which node's they are"
        )
    return found


def described(samples: Sequence[Sample], stamps: set[int]) -> tuple[Sample, ...]:
    """Return the samples that a recording has a prediction for, by increasing stamp.

    Raises:
        ValueError: if there is none, with both ranges of time.
    """
    timed = [sample for sample in samples if sample.stamp_ns is not None]
    found = sorted((s for s in timed if s.stamp_ns in stamps), key=lambda s: s.stamp_ns or 0)
    if found:
        return tuple(found)
    theirs = sorted(sample.stamp_ns or 0 for sample in timed)
    raise ValueError(
        "recorded predictions and ground truth must share stamps, none of "
        f"{len(samples)} samples ({_range(theirs)}) has one of {len(stamps)} predictions "
        f"({_range(sorted(stamps))}): replay the same drive with its own stamps"
    )


def _range(stamps: Sequence[int]) -> str:
    return f"{stamps[0]} ... {stamps[-1]} ns" if stamps else "no stamps"


def _stamps_ns(bag: Path, topic: str) -> set[int]:
    with Bag(bag) as opened:
        names = [known.name for known in opened.topics]
        if topic not in names:
            raise ValueError(
                f"{bag} must have the topic {topic}, it has {', '.join(sorted(names)) or 'none'}"
            )
        return {cdr.header_stamp_ns(message.data) for message in opened.messages([topic])}


class _Messages:
    """A topic's messages by their stamp, quick where those increase."""

    def __init__(self, bag: Path, topic: str) -> None:
        self._bag, self._topic = bag, topic
        self._last_ns = 0
        self._messages: Iterator[tuple[int, str, bytes]] = iter(())

    def at(self, stamp_ns: int) -> object:
        """Return the message of a stamp."""
        if stamp_ns <= self._last_ns or not self._last_ns:
            self._messages = self._walk(self._bag, self._topic)
        self._last_ns = stamp_ns
        for stamp, message_type, data in self._messages:
            if stamp == stamp_ns:
                found: object = cdr.typestore().deserialize_cdr(data, message_type)
                return found
        raise ValueError(
            f"{self._bag} must have its messages on {self._topic} in the order of their stamps, "
            f"that of {stamp_ns} ns is not"
        )

    @staticmethod
    def _walk(bag: Path, topic: str) -> Iterator[tuple[int, str, bytes]]:
        with Bag(bag) as opened:
            for message in opened.messages([topic]):
                yield cdr.header_stamp_ns(message.data), message.type, message.data


def _as(name: str) -> Callable[[Any, float], Arrays]:
    """Return a reader of messages whose pixels are the output ``name``."""

    def read(message: Any, _: float) -> Arrays:  # noqa: ANN401
        return {name: cdr.image_pixels(message)}

    return read


def _depth(message: Any, _: float) -> Arrays:  # noqa: ANN401
    """Return depth; where the node says NaN, beyond its range, it is infinitely far."""
    return {"depth": np.nan_to_num(cdr.image_pixels(message), nan=np.inf, posinf=np.inf)}


def _disparity(message: Any, _: float) -> Arrays:  # noqa: ANN401
    """Return disparity, NaN where the message says that it is not valid."""
    disparity = cdr.image_pixels(message.image)
    return {"disparity": np.where(disparity < message.min_disparity, np.nan, disparity)}


def _pose(message: Any, seconds: float) -> Arrays:  # noqa: ANN401
    """Return the motion of a mean velocity: ``ego_motion.mean_velocity``'s inverse. # (4, 4)."""
    linear, angular = message.twist.linear, message.twist.angular
    current_from_next = np.eye(4)
    current_from_next[:3, :3] = cv2.Rodrigues(_xyz(angular) * seconds)[0]
    current_from_next[:3, 3] = _xyz(linear) * seconds
    return {"next_from_current": np.linalg.inv(current_from_next)}


def _xyz(vector: Any) -> NDArray[np.float64]:  # noqa: ANN401
    return np.array([vector.x, vector.y, vector.z])


RECORDED: Mapping[str, Recorded] = {
    "depth": Recorded("depth/image_rect", _depth),
    "semantics": Recorded("semantic/image", _as("labels")),
    "flow": Recorded("flow/image", _as("flow")),
    "motion": Recorded("motion_mask/image", _as("motion_mask")),
    "pose": Recorded("ego_motion", _pose),
    "scene_flow": Recorded("disparity", _disparity),
}
