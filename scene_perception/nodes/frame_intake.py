"""An image message and its CameraInfo become a frame, or a counted and logged refusal."""

from __future__ import annotations

from collections.abc import Callable

from sensor_msgs.msg import CompressedImage, Image

from scene_perception.frame import Frame
from scene_perception.geometry.camera import Intrinsics
from scene_perception.nodes.camera_info_cache import CameraInfoCache
from scene_perception.nodes.conversions import to_frame
from scene_perception.nodes.journal import Journal
from scene_perception.recordings.camera_messages import intrinsics_from_camera_info

BAD_IMAGE, BAD_CAMERA_INFO = "bad_image", "bad_camera_info"
NO_CAMERA_INFO = "no_camera_info"


class FrameIntake:
    """Converts messages in the inference thread; what it refuses never stops the node.

    Without a usable CameraInfo a frame goes on without intrinsics, unless something needs
    them.

    Args:
        cameras: where the subscription puts each CameraInfo.
        journal: counts refusals by reason and names them.
        wait_s: how long the very first frame waits for its CameraInfo.
        needed_by: gives the setting that cannot do without intrinsics, or empty.
    """

    def __init__(
        self,
        cameras: CameraInfoCache,
        journal: Journal,
        wait_s: float,
        needed_by: Callable[[], str] = str,
    ) -> None:
        self._cameras = cameras
        self._journal = journal
        self._wait_s = wait_s
        self._needed_by = needed_by
        self.newest_stamp_ns: int | None = None

    def frame(self, message: Image | CompressedImage) -> Frame | None:
        """Return the rectified image as a frame, or None where it is refused."""
        try:
            frame = to_frame(message, None)
        except ValueError as error:
            self._journal.refuse(BAD_IMAGE, str(error))
            return None
        self.newest_stamp_ns = frame.stamp_ns
        self._cameras.await_first(self._wait_s)
        needed_by = self._needed_by()
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
            self._journal.refuse(BAD_CAMERA_INFO, f"on {self._cameras.topic}: {error}")
            return None

    def _warn_of_missing(self, needed_by: str) -> None:
        start = f"no CameraInfo yet on {self._cameras.topic}: "
        if needed_by:
            self._journal.statistics.count(NO_CAMERA_INFO)
            self._journal.log.error(
                NO_CAMERA_INFO, f"{start}frames are dropped, {needed_by} needs it"
            )
            return
        self._journal.log.warning(
            NO_CAMERA_INFO, f"{start}points and depth/camera_info are not published"
        )
