"""Image files as camera frames: decoding, numbering, calibration, and playing a folder back."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from scene_perception.geometry.camera import Intrinsics
from scene_perception.recordings import cdr
from scene_perception.recordings.bags import BagMessage, BagTopic

FORMATS = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg"}
IMAGE_TOPIC = "image_rect"
CAMERA_INFO_TOPIC = "camera_info"

_TO_RGB = {3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGBA}
_GREY = {3: cv2.COLOR_RGB2GRAY, 4: cv2.COLOR_RGBA2GRAY}


class ImageFolder:
    """A folder of images, played as ``image_rect`` and, with intrinsics, ``camera_info``.

    The topics are relative: they follow the namespace of the node that plays them.

    Args:
        folder: holds PNG or JPEG files, played in the order of the numbers in their names.
        fps: frames per second.
        frame_id: of the camera's optical frame.
        intrinsics: of every image, or None to play the images alone.
        start_ns: stamp of the first frame; None stands for now.
        report: called with what is wrong with a file that is then skipped; None raises it.

    Raises:
        ValueError: for a folder that is missing or holds no image.
    """

    def __init__(
        self,
        folder: Path,
        *,
        fps: float = 10.0,
        frame_id: str = "camera_optical",
        intrinsics: Intrinsics | None = None,
        start_ns: int | None = None,
        report: Callable[[str], None] | None = None,
    ) -> None:
        self.files = image_files(folder)
        self._period_ns = round(1e9 / fps)
        self._frame_id = frame_id
        self._intrinsics = intrinsics
        self._start_ns = time.time_ns() if start_ns is None else start_ns
        self._report = report
        count = len(self.files)
        image = BagTopic(IMAGE_TOPIC, cdr.IMAGE, count)
        info = BagTopic(CAMERA_INFO_TOPIC, cdr.CAMERA_INFO, count)
        self.topics: tuple[BagTopic, ...] = (image,) if intrinsics is None else (image, info)

    def messages(self, topics: Sequence[str] = ()) -> Iterator[BagMessage]:
        """Yield the messages of ``topics`` (none given: of all), CameraInfo before its image.

        Raises:
            ValueError: naming a file that is damaged or of another size than the intrinsics.
        """
        for index, file in enumerate(self.files):
            try:
                messages = self._frame(file, self._start_ns + index * self._period_ns)
            except ValueError as error:
                if self._report is None:
                    raise
                self._report(str(error))
                continue
            yield from (m for m in messages if not topics or m.topic in topics)

    def close(self) -> None:
        """Do nothing: files are open only while they are read."""

    def _frame(self, file: Path, stamp_ns: int) -> list[BagMessage]:
        pixels, encoding = read_image(file)
        data = cdr.image(pixels, encoding, stamp_ns, self._frame_id)
        image = BagMessage(IMAGE_TOPIC, cdr.IMAGE, stamp_ns, data)
        if self._intrinsics is None:
            return [image]
        require_size(file, pixels, self._intrinsics)
        info = cdr.camera_info(self._intrinsics, stamp_ns, self._frame_id)
        return [BagMessage(CAMERA_INFO_TOPIC, cdr.CAMERA_INFO, stamp_ns, info), image]


def image_files(folder: Path) -> tuple[Path, ...]:
    """Return the folder's PNG and JPEG files, ordered by the numbers in their names.

    Raises:
        ValueError: for a folder that is missing or holds none.
    """
    if not folder.is_dir():
        raise ValueError(f"image folder {folder} does not exist")
    files = (file for file in folder.iterdir() if file.suffix.lower() in FORMATS)
    ordered = tuple(sorted(files, key=lambda file: _numbers_first(file.name)))
    if not ordered:
        raise ValueError(f"image folder {folder} must hold .png, .jpg or .jpeg files, got none")
    return ordered


def read_image(file: Path, encoding: str = "") -> tuple[NDArray[Any], str]:
    """Return an image file's pixels and their ROS encoding.

    Args:
        file: a PNG or JPEG file.
        encoding: ``rgb8``, ``bgr8`` or ``mono8`` to convert to; empty keeps what the file
            holds: mono8, mono16, rgb8 or rgba8.

    Raises:
        ValueError: naming the file, if it is missing, damaged, or cannot be so encoded.
    """
    encoded = read_bytes(file)
    pixels = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise ValueError(f"image {file} is damaged or no image: {len(encoded)} bytes")
    if pixels.ndim == 3:
        pixels = cv2.cvtColor(pixels, _TO_RGB[pixels.shape[2]])
    if pixels.dtype == np.uint16 and (pixels.ndim == 3 or encoding):
        pixels = (pixels // 256).astype(np.uint8)
    return _encode(pixels, encoding)


def read_bytes(file: Path) -> bytes:
    """Return a file's bytes.

    Raises:
        ValueError: naming the file, if it is missing, unreadable or empty.
    """
    try:
        encoded = file.read_bytes()
    except OSError as error:
        raise ValueError(f"image {file} cannot be read: {error.strerror}") from error
    if not encoded:
        raise ValueError(f"image {file} is damaged: it is empty")
    return encoded


def require_size(name: object, pixels: NDArray[Any], intrinsics: Intrinsics) -> None:
    """Raise ValueError if an image has another size than its intrinsics."""
    height, width = pixels.shape[:2]
    if (width, height) != (intrinsics.width, intrinsics.height):
        raise ValueError(
            f"image {name} has {width}x{height} px, "
            f"its calibration is for {intrinsics.width}x{intrinsics.height} px"
        )


def read_calibration(file: Path) -> Intrinsics:
    """Return the rectified image's intrinsics from a ``camera_calibration`` YAML file.

    They are those of its projection matrix: images are taken to be rectified.

    Raises:
        ValueError: naming the file and what is missing or wrong in it.
    """
    try:
        content = YAML(typ="safe").load(file.read_text())
        p = [float(value) for value in content["projection_matrix"]["data"]]
        width, height = int(content["image_width"]), int(content["image_height"])
        if len(p) != 12:
            raise ValueError(f"projection_matrix must have 12 numbers, got {len(p)}")
        return Intrinsics(fx=p[0], fy=p[5], cx=p[2], cy=p[6], width=width, height=height)
    except (OSError, YAMLError, KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"calibration {file} must be a camera_calibration YAML file with image_width, "
            f"image_height and projection_matrix, got {error!r}"
        ) from error


def _numbers_first(name: str) -> list[tuple[int, str]]:
    parts = re.findall(r"\d+|\D+", name)
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]


def _encode(pixels: NDArray[Any], encoding: str) -> tuple[NDArray[Any], str]:
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    if not encoding:
        grey = "mono16" if pixels.dtype == np.uint16 else "mono8"
        return pixels, {1: grey, 3: "rgb8", 4: "rgba8"}[channels]
    if encoding == "mono8":
        return (pixels if channels == 1 else cv2.cvtColor(pixels, _GREY[channels])), encoding
    if encoding not in ("rgb8", "bgr8"):
        raise ValueError(f"encoding must be rgb8, bgr8, mono8 or empty, got {encoding!r}")
    to_rgb = {1: cv2.COLOR_GRAY2RGB, 4: cv2.COLOR_RGBA2RGB}
    colour = pixels if channels == 3 else cv2.cvtColor(pixels, to_rgb[channels])
    return (colour if encoding == "rgb8" else colour[:, :, ::-1]), encoding
