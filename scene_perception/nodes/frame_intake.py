"""An image message and its CameraInfo become a frame, or a counted and logged refusal."""

from __future__ import annotations

from sensor_msgs.msg import CompressedImage, Image

from scene_perception.frame import Frame
from scene_perception.geometry.camera import Intrinsics
from scene_perception.nodes.camera_info_cache import CameraInfoCache
from scene_perception.nodes.conversions import intrinsics_from_camera_info, to_frame
from scene_perception.nodes.statistics import Statistics
from scene_perception.nodes.throttled_log import ThrottledLog

BAD_IMAGE, BAD_CAMERA_INFO = "bad_image", "bad_camera_info"
NO_CAMERA_INFO = "no_camera_info"


class FrameIntake:
    """Converts messages in the inference thread; what it refuses never stops the node.

    Without a usable CameraInfo a frame goes on without intrinsics, unless something needs
    them.

    Args:
        cameras: where the subscription puts each CameraInfo.
        statistics: that count refusals by reason.
        log: that names them.
    """

    def __init__(self, cameras: CameraInfoCache, statistics: Statistics, log: ThrottledLog) -> None:
        self._cameras = cameras
        self._statistics = statistics
        self._log = log
        self.newest_stamp_ns: int | None = None

    def frame(
        self, message: Image | CompressedImage, wait_s: float, needed_by: str = ""
    ) -> Frame | None:
        """Return the message as a frame, or None where it is refused.

        Args:
            message: the rectified image.
            wait_s: how long the very first frame waits for its CameraInfo.
            needed_by: the setting that cannot do without intrinsics, or empty.
        """
        try:
            frame = to_frame(message, None)
        except ValueError as error:
            self._refuse(BAD_IMAGE, str(error))
            return None
        self.newest_stamp_ns = frame.stamp_ns
        self._cameras.await_first(wait_s)
        intrinsics = self._intrinsics(frame, needed_by)
        if intrinsics is None:
            return None if needed_by else frame
        return Frame(frame.image, frame.stamp_ns, frame.frame_id, intrinsics)

    def _intrinsics(self, frame: Frame, needed_by: str) -> Intrinsics | None:
        message = self._cameras.match(frame.stamp_ns)
        if message is None:
            self._warn_of_missing(needed_by)
            return None
        height, width = frame.image.shape[:2]
        try:
            return intrinsics_from_camera_info(message, width, height)
        except ValueError as error:
            self._refuse(BAD_CAMERA_INFO, f"on {self._cameras.topic}: {error}")
            return None

    def _warn_of_missing(self, needed_by: str) -> None:
        start = f"no CameraInfo yet on {self._cameras.topic}: "
        if needed_by:
            self._statistics.count(NO_CAMERA_INFO)
            self._log.error(NO_CAMERA_INFO, f"{start}frames are dropped, {needed_by} needs it")
            return
        self._log.warning(NO_CAMERA_INFO, f"{start}points and depth/camera_info are not published")

    def _refuse(self, reason: str, text: str) -> None:
        self._statistics.count(reason)
        self._log.error(reason, f"{reason}: {text}")
