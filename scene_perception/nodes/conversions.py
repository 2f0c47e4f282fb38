"""ROS messages in: images and camera calibration as ``frame.py`` knows them.

``to_frame`` is what a node calls; what is in a message is read by ``recordings``, where files
hold the same messages.
"""

from __future__ import annotations

from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Header

from scene_perception.frame import Frame
from scene_perception.recordings.camera_messages import (
    compressed_to_rgb,
    image_to_rgb,
    intrinsics_from_camera_info,
)

NANOSECONDS = 1_000_000_000


def to_frame(message: Image | CompressedImage, camera_info: CameraInfo | None) -> Frame:
    """Return an image message, raw or compressed, and its calibration as a frame.

    Args:
        message: the rectified image; its header's stamp and frame_id become the frame's.
        camera_info: of the same camera, or None where it publishes none.

    Raises:
        ValueError: as ``image_to_rgb``, ``compressed_to_rgb`` and
            ``intrinsics_from_camera_info``; for a negative stamp.
    """
    is_compressed = isinstance(message, CompressedImage)
    image = compressed_to_rgb(message) if is_compressed else image_to_rgb(message)
    height, width = image.shape[:2]
    intrinsics = None
    if camera_info is not None:
        intrinsics = intrinsics_from_camera_info(camera_info, width, height)
    return Frame(image, stamp_ns(message.header), message.header.frame_id, intrinsics)


def stamp_ns(header: Header) -> int:
    """Return a header's stamp in nanoseconds."""
    return int(header.stamp.sec) * NANOSECONDS + int(header.stamp.nanosec)
