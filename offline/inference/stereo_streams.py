"""Two cameras' videos or recorded topics as moments, streamed, paired by their stamps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from offline.inference.moments import Frame, Moment
from offline.inference.stream_sources import ImageTopic, VideoFile
from offline.sharding import Shard
from scene_perception.recordings.bags import Bag
from scene_perception.recordings.playback import frame_topic


@dataclass(frozen=True)
class StereoStream:
    """Consecutive pairs of two cameras; the last pair is only a ``next``.

    Attributes:
        left: camera that is described.
        right: the other camera.
    """

    left: VideoFile | ImageTopic
    right: VideoFile | ImageTopic

    roles = ("current", "right", "next", "next_right")

    @property
    def count(self) -> int | None:
        """Number of moments, where every left image has its right one."""
        count = self.left.count
        return None if count is None else max(0, count - 1)

    def moments(self, share: Shard) -> Iterator[Moment]:
        """Yield those of ``share`` in their order.

        Raises:
            ValueError: as ``left`` and ``right``, or if no two images have one stamp.
        """
        before: tuple[Frame, Frame] | None = None
        index = -1
        for pair in matched(self.left.frames(), self.right.frames()):
            if (
                before
                and index in share.indices(index + 1)
                and self.left.follows(before[0], pair[0])
            ):
                yield _moment(index, before, pair)
            before, index = pair, index + 1
        if before is None:
            raise ValueError(
                f"{self.left} and {self.right} must have images of one stamp, got none"
            )


def stereo_videos(left: Path, right: Path) -> StereoStream:
    """Return two videos of one rate.

    Raises:
        ValueError: as ``VideoFile``.
    """
    return StereoStream(VideoFile(left), VideoFile(right))


def stereo_topics(path: Path, left: str = "", right: str = "") -> StereoStream:
    """Return two image topics of a recording.

    Args:
        path: of the recording.
        left: topic; empty is the first of images.
        right: topic; empty is the left one's name with ``right`` for ``left``.

    Raises:
        BagError: for a recording that cannot be read.
        ValueError: if there are no such topics.
    """
    with Bag(path) as bag:
        left = frame_topic(bag.topics, left)
    right = right or left.replace("left", "right")
    if left == right:
        raise ValueError(f"right topic must be named beside the left one, {left}: no 'left' in it")
    return StereoStream(ImageTopic(path, left), ImageTopic(path, right))


def matched(left: Iterator[Frame], right: Iterator[Frame]) -> Iterator[tuple[Frame, Frame]]:
    """Yield the frames of both that have one stamp; stamps of both increase."""
    one, other = next(left, None), next(right, None)
    while one is not None and other is not None:
        difference = one.stamp_ns - other.stamp_ns
        if difference == 0:
            yield one, other
        if difference <= 0:
            one = next(left, None)
        if difference >= 0:
            other = next(right, None)


def _moment(index: int, pair: tuple[Frame, Frame], following: tuple[Frame, Frame]) -> Moment:
    frames = dict(zip(StereoStream.roles, (*pair, *following), strict=True))
    return Moment(
        index,
        f"{index:06d}",
        {role: frame.read for role, frame in frames.items()},
        pair[0].stamp_ns,
        following[0].stamp_ns,
        pair[0].frame_id,
        pair[0].intrinsics,
    )
