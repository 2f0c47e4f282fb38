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
from offline.synthetic.scene import BASELINE_M, Scene, make_scene, world_from_camera
from offline.synthetic.sequence import FRAME_ID, PERIOD_S, render, stamp_ns
from offline.synthetic.stereo import render_right

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
    scene = make_scene(seed, height, width)
    left = tuple(RenderedPicture(partial(render_left, scene, index)) for index in range(count))
    right = tuple(RenderedPicture(partial(render_right, scene, index)) for index in range(count))
    poses = np.stack([world_from_camera(index * PERIOD_S) for index in range(count)])
    return CameraSequence(
        tuple(stamp_ns(index) for index in range(count)),
        Camera(FRAME_ID, left, scene.intrinsics),
        Camera(RIGHT_FRAME, right, scene.intrinsics, BASELINE_M),
        odom_from_camera=odom_from_optical(poses),
    )


def render_left(scene: Scene, index: int) -> NDArray[np.uint8]:
    """Return the left image of frame ``index``, RGB. # (H, W, 3) uint8."""
    return render(scene, index).image
