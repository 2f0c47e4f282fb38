"""Left and right messages become a stereo frame, or a counted and logged refusal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from scene_perception.frame import Frame, StereoFrame
from scene_perception.geometry.stereo_camera import StereoCamera
from scene_perception.nodes.camera_info_cache import CameraInfoCache
from scene_perception.nodes.conversions import to_frame
from scene_perception.nodes.frame_intake import (
    BAD_CAMERA_INFO,
    BAD_IMAGE,
    NO_CAMERA_INFO,
)
from scene_perception.nodes.journal import Journal
from scene_perception.nodes.stereo_calibration import stereo_camera

DIFFERENT_SIZES, BAD_SIZE = "different_sizes", "bad_size"
_CAMERA = "stereo_camera"


class Pair(NamedTuple):
    """Messages of the same moment."""

    left: Image | CompressedImage
    right: Image | CompressedImage


class Caches(NamedTuple):
    """Where the subscriptions put each CameraInfo."""

    left: CameraInfoCache
    right: CameraInfoCache


class StereoIntake:
    """Converts pairs in the inference thread; what it refuses never stops the node.

    Args:
        caches: of both cameras.
        journal: counts refusals by reason and names them.
        require_fit: takes width and height of the images; ValueError says why the network
            cannot take them.
        wait_s: how long the very first frame waits for each CameraInfo.
        baseline_m: where it is above 0 it stands in for that of the cameras' ``P``.
    """

    def __init__(
        self,
        caches: Caches,
        journal: Journal,
        require_fit: Callable[[int, int], object],
        wait_s: float,
        baseline_m: float = 0.0,
    ) -> None:
        self._caches = caches
        self._journal = journal
        self._require_fit = require_fit
        self._wait_s = wait_s
        self._baseline_m = baseline_m
        self.newest_stamp_ns: int | None = None
        self.camera: StereoCamera | None = None

    def frame(self, message: Pair) -> StereoFrame | None:
        """Return the rectified pair as a frame, or None where it is refused."""
        left, right = self._image("left", message.left), self._image("right", message.right)
        if left is None or right is None:
            return None
        self.newest_stamp_ns = left.stamp_ns
        camera = self._calibration(left) if self._has_size(left, right) else None
        if camera is None:
            return None
        return StereoFrame(
            replace(left, intrinsics=camera.left), replace(right, intrinsics=camera.right), camera
        )

    def _image(self, side: str, message: Image | CompressedImage) -> Frame | None:
        try:
            return to_frame(message, None)
        except ValueError as error:
            self._journal.refuse(BAD_IMAGE, f"{side} {error}")
            return None

    def _has_size(self, left: Frame, right: Frame) -> bool:
        if left.image.shape != right.image.shape:
            self._journal.refuse(DIFFERENT_SIZES, _sizes(left, right))
            return False
        height, width = left.image.shape[:2]
        try:
            self._require_fit(width, height)
        except ValueError as error:
            self._journal.refuse(BAD_SIZE, str(error))
            return False
        return True

    def _calibration(self, frame: Frame) -> StereoCamera | None:
        for cache in self._caches:
            cache.await_first(self._wait_s)
        left, right = (cache.match(frame.stamp_ns) for cache in self._caches)
        if left is None or right is None:
            self._tell_missing(left, right)
            return None
        height, width = frame.image.shape[:2]
        try:
            camera = stereo_camera(left, right, width, height, self._baseline_m)
        except ValueError as error:
            topics = " and ".join(cache.topic for cache in self._caches)
            self._journal.refuse(BAD_CAMERA_INFO, f"on {topics}: {error}")
            return None
        self._tell(camera)
        return camera

    def _tell_missing(self, *messages: CameraInfo | None) -> None:
        missing = [
            f"no {side} CameraInfo yet on {cache.topic}"
            for side, cache, message in zip(Caches._fields, self._caches, messages, strict=True)
            if message is None
        ]
        self._journal.statistics.count(NO_CAMERA_INFO)
        text = f"{' and '.join(missing)}: frames are dropped, depth from disparity needs it"
        self._journal.log.error(NO_CAMERA_INFO, text)

    def _tell(self, camera: StereoCamera) -> None:
        if camera != self.camera:
            self.camera = camera
            self._journal.log.info(_CAMERA, f"stereo camera: {camera_text(camera)}")


def camera_text(camera: StereoCamera) -> str:
    """Return what a pair's calibration comes down to, for people."""
    return (
        f"{camera.left.width}x{camera.left.height} px, fx {camera.left.fx:.6g} px, "
        f"baseline {camera.baseline_m:.6g} m"
    )


def _sizes(left: Frame, right: Frame) -> str:
    (left_height, left_width), (height, width) = left.image.shape[:2], right.image.shape[:2]
    return (
        f"left and right images must be of one size, got {left_width}x{left_height} px and "
        f"{width}x{height} px; let both drivers crop and resize alike"
    )
