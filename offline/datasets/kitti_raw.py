"""A drive of KITTI raw (synced and rectified), colour cameras if it has them, else grey."""

from __future__ import annotations

import calendar
import re
import time
from pathlib import Path

from offline.datasets.base import LEFT_FRAME, RIGHT_FRAME, Camera, CameraSequence, ImageFile
from offline.datasets.kitti_calibration import (
    baseline_m,
    projection,
    read_lines,
    read_named,
)
from scene_perception.recordings.image_folder import image_files

_CALIBRATION = "calib_cam_to_cam.txt"
_PAIRS = (("02", "03"), ("00", "01"))
_STAMP = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.(\d{1,9}))?")


def read_kitti_raw(drive: Path) -> CameraSequence:
    """Return a drive such as ``2011_09_26/2011_09_26_drive_0001_sync``.

    Calibration is looked for in the drive's folder and above it.

    Raises:
        ValueError: naming the file that is missing or cannot be read.
    """
    pairs = [pair for pair in _PAIRS if (drive / f"image_{pair[0]}").is_dir()]
    if not pairs:
        raise ValueError(f"KITTI raw drive {drive} must have image_02 or image_00, got neither")
    left, right = pairs[0]
    stamps = tuple(
        parse_stamp_ns(line) for line in read_lines(drive / f"image_{left}" / "timestamps.txt")
    )
    has_right = (drive / f"image_{right}").is_dir()
    return CameraSequence(
        stamps,
        _camera(drive, left, left, len(stamps)),
        _camera(drive, right, left, len(stamps)) if has_right else None,
    )


def calibration_folder(drive: Path) -> Path:
    """Return the folder of a drive's calibration: its own if it has one, else its date's."""
    return drive if (drive / _CALIBRATION).exists() else drive.parent


def parse_stamp_ns(line: str) -> int:
    """Return nanoseconds since the epoch of KITTI's ``2011-09-26 13:02:25.964389445``.

    KITTI's local time is read as UTC: only differences matter.

    Raises:
        ValueError: for anything else.
    """
    match = _STAMP.fullmatch(line.strip())
    if match is None:
        raise ValueError(f"timestamp must be like '2011-09-26 13:02:25.964389445', got {line!r}")
    seconds = calendar.timegm(time.strptime(match[1], "%Y-%m-%d %H:%M:%S"))
    return seconds * 1_000_000_000 + int((match[2] or "0").ljust(9, "0"))


def _camera(drive: Path, number: str, left: str, count: int) -> Camera:
    calibration = calibration_folder(drive) / _CALIBRATION
    named = read_named(calibration)
    own = projection(named, f"P_rect_{number}", calibration)
    size = named.get(f"S_rect_{number}")
    if size is None or len(size) != 2:
        raise ValueError(f"{calibration} must have S_rect_{number} with width and height")
    folder = drive / f"image_{number}" / "data"
    # Stamps are by number: a missing file must not shift those that follow.
    suffix = image_files(folder)[0].suffix
    return Camera(
        frame_id=LEFT_FRAME if number == left else RIGHT_FRAME,
        pictures=tuple(ImageFile(folder / f"{index:010d}{suffix}") for index in range(count)),
        intrinsics=own.intrinsics(int(size[0]), int(size[1])),
        baseline_m=baseline_m(projection(named, f"P_rect_{left}", calibration), own),
    )
