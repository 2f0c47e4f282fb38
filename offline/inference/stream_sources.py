"""Videos and recordings as moments, streamed: three decoded frames in memory at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from offline.datasets.base import FIRST_STAMP_NS
from offline.inference.moments import Frame, Image, Moment, sliding
from offline.sharding import Shard
from scene_perception.geometry.camera import Intrinsics
from scene_perception.pipelines.config import BufferConfig
from scene_perception.recordings import cdr
from scene_perception.recordings.bags import Bag, BagMessage
from scene_perception.recordings.camera_messages import (
    compressed_to_rgb,
    image_to_rgb,
    intrinsics_from_camera_info,
)
from scene_perception.recordings.playback import frame_topic

_ROLES = ("previous", "current", "next")
_DEFAULT_FPS = 10.0
_NS_PER_S = 1e9


@dataclass(frozen=True)
class VideoFile:
    """A video file; a moment's stamp is its place in the video.

    Raises:
        ValueError: naming the file, if it is no video that OpenCV can read.
    """

    path: Path

    roles = _ROLES

    def __str__(self) -> str:
        return str(self.path)

    def __post_init__(self) -> None:
        _opened(self.path).release()

    @property
    def count(self) -> int | None:
        """What the file says of its number of frames, which may be a few wrong."""
        video = _opened(self.path)
        count = int(video.get(cv2.CAP_PROP_FRAME_COUNT))
        video.release()
        return count if count > 0 else None

    def moments(self, share: Shard) -> Iterator[Moment]:
        """Yield those of ``share`` in their order.

        Raises:
            ValueError: naming the file, if it has no frame that can be decoded.
        """
        return sliding(self.frames(), share, self.follows)

    def follows(self, one: Frame, other: Frame) -> bool:
        """Return that the second frame is the first one's neighbour, as all are."""
        return one.stamp_ns < other.stamp_ns

    def frames(self) -> Iterator[Frame]:
        """Yield the frames in their order.

        Raises:
            ValueError: as ``moments``.
        """
        video = _opened(self.path)
        period_ns = _NS_PER_S / (video.get(cv2.CAP_PROP_FPS) or _DEFAULT_FPS)
        index = 0
        try:
            while True:
                there, pixels = video.read()
                if not there:
                    break
                image = cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)
                yield Frame(partial(_itself, image), FIRST_STAMP_NS + round(index * period_ns))
                index += 1
        finally:
            video.release()
        if index == 0:
            raise ValueError(f"video {self.path} must have frames that OpenCV can decode, got none")


@dataclass(frozen=True)
class ImageTopic:
    """One image topic of a recording.

    Frames that are further apart than the live node's buffer allows are no neighbours.

    Args:
        path: of the recording.
        topic: of images; empty is the first.

    Raises:
        BagError: for a recording that cannot be read.
        ValueError: if there is no such topic.
    """

    path: Path
    topic: str = ""

    roles = _ROLES

    def __str__(self) -> str:
        return f"{self.topic or 'the first image topic'} of {self.path}"

    def __post_init__(self) -> None:
        with Bag(self.path) as bag:
            frame_topic(bag.topics, self.topic)

    @property
    def count(self) -> int:
        """Number of images."""
        with Bag(self.path) as bag:
            name = frame_topic(bag.topics, self.topic)
            return sum(topic.count for topic in bag.topics if topic.name == name)

    def moments(self, share: Shard) -> Iterator[Moment]:
        """Yield those of ``share`` in their order.

        Raises:
            BagError: where the recording turns out truncated or damaged.
        """
        return sliding(self.frames(), share, self.follows)

    def follows(self, one: Frame, other: Frame) -> bool:
        """Return whether the second frame is near enough after the first."""
        return 0 < other.stamp_ns - one.stamp_ns <= BufferConfig().max_gap_s * _NS_PER_S

    def frames(self) -> Iterator[Frame]:
        """Yield the frames in their order.

        Raises:
            BagError: as ``moments``.
        """
        with Bag(self.path) as bag:
            name = frame_topic(bag.topics, self.topic)
            calibration = next(bag.messages([info_topic(name)]), None)
            for message in bag.messages([name]):
                yield _frame(message, calibration)


def info_topic(image_topic: str) -> str:
    """Return the topic of an image topic's calibration, as image_transport has it."""
    raw = image_topic.removesuffix("/compressed")
    return f"{raw.rpartition('/')[0]}/camera_info"


def _frame(message: BagMessage, calibration: BagMessage | None) -> Frame:
    stamp_ns = cdr.header_stamp_ns(message.data)

    @cache
    def image() -> Any:  # noqa: ANN401
        cdr.require_readable(message.data, message.type)
        return cdr.typestore().deserialize_cdr(message.data, message.type)

    @cache
    def read() -> Image:
        decode = image_to_rgb if message.type == cdr.IMAGE else compressed_to_rgb
        try:
            return decode(image())
        except ValueError as error:
            raise ValueError(f"image on {message.topic} at {stamp_ns} ns: {error}") from error

    def intrinsics() -> Intrinsics | None:
        if calibration is None:
            return None
        info = cdr.typestore().deserialize_cdr(calibration.data, calibration.type)
        return intrinsics_from_camera_info(info, *read().shape[1::-1])

    return Frame(read, stamp_ns, lambda: str(image().header.frame_id), intrinsics)


def _opened(path: Path) -> cv2.VideoCapture:
    video = cv2.VideoCapture(str(path))
    if not video.isOpened():
        there = "OpenCV cannot read it" if path.is_file() else "there is no such file"
        raise ValueError(f"input {path} must be an image, a folder, a video or a bag: {there}")
    return video


def _itself(image: Image) -> Image:
    return image
