"""A folder of images as a camera sequence."""

from __future__ import annotations

from pathlib import Path

from offline.datasets.base import (
    Camera,
    CameraSequence,
    ImageFile,
    even_stamps_ns,
)
from scene_perception.recordings.image_folder import image_files, read_calibration


def read_image_folder(
    folder: Path, *, fps: float = 10.0, calibration: Path | None = None
) -> CameraSequence:
    """Return the images of ``folder``, ordered by the numbers in their names.

    Args:
        folder: of PNG or JPEG files.
        fps: frames per second.
        calibration: ``camera_calibration`` YAML file of the (rectified) images.

    Raises:
        ValueError: for a missing or empty folder, or a calibration that cannot be read.
    """
    intrinsics = read_calibration(calibration) if calibration else None
    pictures = tuple(map(ImageFile, image_files(folder)))
    camera = Camera("camera_optical", pictures, intrinsics)
    return CameraSequence(even_stamps_ns(len(pictures), fps), camera)
