"""The generated street of ``offline.synthetic`` as a camera sequence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from offline.datasets.base import Camera, CameraSequence, odom_from_optical
from offline.synthetic.scene import Scene, make_scene, world_from_camera
from offline.synthetic.sequence import FRAME_ID, PERIOD_S, render, stamp_ns

_CONVERSIONS = {"bgr8": cv2.COLOR_RGB2BGR, "mono8": cv2.COLOR_RGB2GRAY}


@dataclass(frozen=True, eq=False)
class RenderedPicture:
    """A picture that is rendered when asked for."""

    scene: Scene
    index: int

    def pixels(self, encoding: str) -> tuple[NDArray[Any], str]:
        """Return the rendered image."""
        image = render(self.scene, self.index).image
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
    """Return a drive of ``count`` frames at 10 Hz; pictures are rendered one by one."""
    scene = make_scene(seed, height, width)
    pictures = tuple(RenderedPicture(scene, index) for index in range(count))
    poses = np.stack([world_from_camera(index * PERIOD_S) for index in range(count)])
    return CameraSequence(
        tuple(stamp_ns(index) for index in range(count)),
        Camera(FRAME_ID, pictures, scene.intrinsics),
        odom_from_camera=odom_from_optical(poses),
    )
