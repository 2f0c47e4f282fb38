"""A folder of images as ``replay_node``'s source, with the camera that its settings describe."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from scene_perception.geometry.camera import Intrinsics
from scene_perception.nodes.replay_config import ImagesConfig
from scene_perception.recordings.image_folder import (
    ImageFolder,
    image_files,
    read_calibration,
    read_image,
)


def open_folder(folder: Path, config: ImagesConfig, report: Callable[[str], None]) -> ImageFolder:
    """Return the folder's images as messages.

    Raises:
        ValueError: for a folder without images, or a calibration that cannot be read.
    """
    return ImageFolder(
        folder,
        fps=config.fps,
        frame_id=config.frame_id,
        intrinsics=_intrinsics(folder, config),
        report=report,
    )


def _intrinsics(folder: Path, config: ImagesConfig) -> Intrinsics | None:
    if config.calibration:
        return read_calibration(Path(config.calibration).expanduser())
    if not config.fx:
        return None
    pixels, _ = read_image(image_files(folder)[0])
    height, width = pixels.shape[:2]
    return Intrinsics(
        fx=config.fx,
        fy=config.fy or config.fx,
        cx=config.cx if config.cx >= 0 else (width - 1) / 2,
        cy=config.cy if config.cy >= 0 else (height - 1) / 2,
        width=width,
        height=height,
    )
