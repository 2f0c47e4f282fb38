"""Camera sequences as rosbag2 recordings."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TextIO

from offline.datasets.base import Camera, CameraSequence
from scene_perception.recordings import cdr
from scene_perception.recordings.bags import BagWriter
from scene_perception.recordings.image_folder import require_size

ODOM_FRAME = "odom"


@dataclass(frozen=True)
class BagOptions:
    """What a recording holds.

    Attributes:
        encoding: of the images: rgb8, bgr8, mono8, or empty for what the files hold.
        compressed: store files as ``image_rect/compressed`` as they are.
        stereo: store both cameras, on ``left/...`` and ``right/...``.
        skip_missing: leave out frames whose image is missing or damaged.
    """

    encoding: str = ""
    compressed: bool = False
    stereo: bool = False
    skip_missing: bool = False


class Progress:
    """Says how far it is: one line rewritten on a terminal, elsewhere a line now and then."""

    def __init__(self, stream: TextIO, every: int = 50) -> None:
        self._stream = stream
        self._every = every

    def done(self, frames: int, total: int) -> None:
        """Show that ``frames`` of ``total`` are done."""
        if self._stream.isatty():
            self._say(f"\r{frames}/{total} frames", end="\n" if frames == total else "")
        elif frames == total or frames % self._every == 0:
            self._say(f"{frames}/{total} frames")

    def left_out(self, index: int, error: Exception) -> None:
        """Say that a frame is left out, and why."""
        self._say(f"left out frame {index}: {error}")

    def _say(self, text: str, end: str = "\n") -> None:
        print(text, end=end, file=self._stream, flush=True)


class _Message(NamedTuple):
    topic: str
    type: str
    data: bytes


def write_bag(
    sequence: CameraSequence,
    out: Path,
    storage: str = "mcap",
    options: BagOptions | None = None,
    progress: Progress | None = None,
) -> dict[str, int]:
    """Write a recording whose log times are the frames' stamps.

    Topics are ``/image_rect`` and ``/camera_info`` (for stereo, both in ``/left`` and
    ``/right``) and, where poses are known, ``/odometry``. After an error nothing is left.

    Args:
        sequence: what is written.
        out: folder of the recording, which must not exist.
        storage: ``mcap`` or ``sqlite3``.
        options: what the recording holds.
        progress: shows how far it is and which frames are left out.

    Returns:
        The number of messages by topic.

    Raises:
        ValueError: naming an image that is missing or damaged, or for stereo without a pair.
        BagError: if ``out`` exists.
    """
    options, progress = options or BagOptions(), progress or Progress(io.StringIO())
    cameras = _cameras(sequence, options.stereo)
    writer = BagWriter(out, storage)
    try:
        with writer:
            for index, stamp_ns in enumerate(sequence.stamps_ns):
                for message in _frame(sequence, cameras, index, options, progress):
                    if message.topic not in writer.counts:
                        writer.add_topic(message.topic, message.type)
                    writer.write(message.topic, stamp_ns, message.data)
                progress.done(index + 1, len(sequence.stamps_ns))
    except BaseException:
        shutil.rmtree(out)
        raise
    return writer.counts


def _cameras(sequence: CameraSequence, stereo: bool) -> dict[str, Camera]:
    if not stereo:
        return {"": sequence.left}
    if sequence.right is None:
        raise ValueError("stereo needs the images of a right camera, the source has none")
    return {"/left": sequence.left, "/right": sequence.right}


def _frame(
    sequence: CameraSequence,
    cameras: dict[str, Camera],
    index: int,
    options: BagOptions,
    progress: Progress,
) -> list[_Message]:
    try:
        return list(_messages(sequence, cameras, index, options))
    except ValueError as error:
        if not options.skip_missing:
            raise
        progress.left_out(index, error)
        return []


def _messages(
    sequence: CameraSequence, cameras: dict[str, Camera], index: int, options: BagOptions
) -> Iterator[_Message]:
    stamp_ns = sequence.stamps_ns[index]
    poses = sequence.odom_from_camera
    if poses is not None:
        pose = cdr.odometry(poses[index], stamp_ns, ODOM_FRAME, sequence.left.frame_id)
        yield _Message("/odometry", cdr.ODOMETRY, pose)
    for namespace, camera in cameras.items():
        if camera.intrinsics is not None:
            info = cdr.camera_info(
                camera.intrinsics, stamp_ns, camera.frame_id, baseline_m=camera.baseline_m
            )
            yield _Message(f"{namespace}/camera_info", cdr.CAMERA_INFO, info)
        yield _image(f"{namespace}/image_rect", camera, index, stamp_ns, options)


def _image(topic: str, camera: Camera, index: int, stamp_ns: int, options: BagOptions) -> _Message:
    picture = camera.pictures[index]
    if options.compressed:
        encoded, file_format = picture.encoded()
        data = cdr.compressed_image(encoded, file_format, stamp_ns, camera.frame_id)
        return _Message(f"{topic}/compressed", cdr.COMPRESSED_IMAGE, data)
    pixels, encoding = picture.pixels(options.encoding)
    if camera.intrinsics is not None:
        require_size(picture, pixels, camera.intrinsics)
    return _Message(topic, cdr.IMAGE, cdr.image(pixels, encoding, stamp_ns, camera.frame_id))
