"""The generated street of ``offline.synthetic`` as a camera sequence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from offline.datasets.base import RIGHT_FRAME, Camera, CameraSequence, odom_from_optical
from offline.synthetic.drive import FRAME_ID, Drive, open_drive, stamp_ns
from offline.synthetic.kinds import pixels_of

_CONVERSIONS = {"bgr8": cv2.COLOR_RGB2BGR, "mono8": cv2.COLOR_RGB2GRAY}


@dataclass(frozen=True, eq=False)
class RenderedPicture:
    """A picture that is rendered when asked for.

    Attributes:
        image: renders it, RGB uint8. # () -> (H, W, 3)
    """

    image: Callable[[], NDArray[np.uint8]]

    def pixels(self, encoding: str) -> tuple[NDArray[Any], str]:
        """Return the rendered image."""
        image = self.image()
        if encoding in ("", "rgb8"):
            return image, "rgb8"
        return cv2.cvtColor(image, _CONVERSIONS[encoding]), encoding

    def encoded(self) -> tuple[bytes, str]:
        """Return the rendered image as PNG."""
        _, data = cv2.imencode(".png", self.pixels("bgr8")[0])
        return data.tobytes(), "png"


def synthetic_sequence(
    count: int, *, seed: int = 0, height: int = 375, width: int = 1242
) -> CameraSequence:
    """Return a drive of ``count`` pairs at 10 Hz; pictures are rendered one by one."""
    drive = open_drive(count, seed=seed, height=height, width=width)
    left = tuple(RenderedPicture(partial(render_left, drive, index)) for index in range(count))
    right = tuple(RenderedPicture(partial(render_right, drive, index)) for index in range(count))
    poses = np.stack([drive.world_from_camera(index).numpy() for index in range(count)])
    camera = drive.camera
    return CameraSequence(
        tuple(stamp_ns(index) for index in range(count)),
        Camera(FRAME_ID, left, camera.left),
        Camera(RIGHT_FRAME, right, camera.right, camera.baseline_m),
        odom_from_camera=odom_from_optical(poses),
    )


def render_left(drive: Drive, index: int) -> NDArray[np.uint8]:
    """Return the left image of frame ``index``, RGB. # (H, W, 3) uint8."""
    return pixels_of(drive.image(index))


def render_right(drive: Drive, index: int) -> NDArray[np.uint8]:
    """Return the right image of frame ``index``, RGB. # (H, W, 3) uint8."""
    return pixels_of(drive.image(index, right=True))
