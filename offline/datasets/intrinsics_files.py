"""Intrinsics in text files: nine numbers of a 3x3 matrix, row by row."""

from __future__ import annotations

from pathlib import Path

from scene_perception.geometry.camera import Intrinsics


def read_intrinsics(file: Path, width: int, height: int) -> Intrinsics:
    """Return the intrinsics of images of ``width x height`` px.

    Numbers have blanks (SC-SfMLearner's ``cam.txt``) or commas (SfMLearner's ``_cam.txt``)
    between them.

    Raises:
        ValueError: naming the file that is missing or has not nine numbers.
    """
    try:
        values = [float(word) for word in file.read_text().replace(",", " ").split()]
    except (OSError, ValueError) as error:
        raise ValueError(f"{file} cannot be read: {error}") from error
    if len(values) != 9:
        raise ValueError(f"{file} must have the 9 numbers of a camera matrix, got {len(values)}")
    fx, _, cx, _, fy, cy = values[:6]
    return Intrinsics(fx=fx, fy=fy, cx=cx, cy=cy, width=width, height=height)
