"""ROS messages out: arrays, disparities, calibration and velocities as standard messages.

Large arrays go into ``data`` by ``frombytes``: one copy, whatever the setters check. Numbers
are cast to Python's own, since unchecked setters publish NumPy scalars as zero.
"""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np
from builtin_interfaces.msg import Time
from geometry_msgs.msg import TwistStamped
from numpy.typing import NDArray
from sensor_msgs.msg import CameraInfo, Image, PointCloud2, RegionOfInterest
from std_msgs.msg import Header
from stereo_msgs.msg import DisparityImage

from scene_perception.frame import EgoMotion, StereoEstimate
from scene_perception.geometry.camera import Intrinsics
from scene_perception.nodes.conversions import NANOSECONDS

ENCODINGS: dict[str, tuple[np.dtype[Any], int]] = {
    "mono8": (np.dtype(np.uint8), 1),
    "rgb8": (np.dtype(np.uint8), 3),
    "32FC1": (np.dtype(np.float32), 1),
    "32FC2": (np.dtype(np.float32), 2),
    "32FC3": (np.dtype(np.float32), 3),
}
DISPARITY_STEP_PX = 1 / 256
"""A network's disparities have no steps; this is the one of KITTI's files."""

_LAST_SECOND = 2**31 - 1


def time_message(stamp_ns: int) -> Time:
    """Return nanoseconds since the clock's epoch as a message.

    Raises:
        ValueError: for a time before the epoch or beyond 32-bit seconds.
    """
    seconds, nanoseconds = divmod(int(stamp_ns), NANOSECONDS)
    if not 0 <= seconds <= _LAST_SECOND:
        raise ValueError(f"stamp_ns must be 0 .. {_LAST_SECOND} s in nanoseconds, got {stamp_ns}")
    return Time(sec=seconds, nanosec=nanoseconds)


def header_message(stamp_ns: int, frame_id: str) -> Header:
    """Return the header of everything that describes the frame ``stamp_ns``, ``frame_id``.

    Raises:
        ValueError: as ``time_message``.
    """
    return Header(stamp=time_message(stamp_ns), frame_id=frame_id)


def append(message: Image | PointCloud2, array: NDArray[Any]) -> None:
    """Append an array's bytes to a message's ``data``, in one copy."""
    message.data.frombytes(np.ascontiguousarray(array).view(np.uint8).data.cast("B"))


def image_message(array: NDArray[Any], encoding: str, stamp_ns: int, frame_id: str) -> Image:
    """Return an array as an image.

    Args:
        array: (H, W) for one channel, else (H, W, channels), of the encoding's type.
        encoding: ``mono8``, ``rgb8``, ``32FC1``, ``32FC2`` or ``32FC3``.
        stamp_ns: of the frame it describes.
        frame_id: of the frame it describes.

    Raises:
        ValueError: for another encoding, or an array whose shape or type is not its own.
    """
    if encoding not in ENCODINGS:
        raise ValueError(f"encoding must be one of {', '.join(ENCODINGS)}, got {encoding!r}")
    dtype, channels = ENCODINGS[encoding]
    shape = array.shape
    expected = shape[:2] if channels == 1 else (*shape[:2], channels)
    if len(shape) < 2 or shape != expected or 0 in shape or array.dtype != dtype:
        rule = "(H, W)" if channels == 1 else f"(H, W, {channels})"
        raise ValueError(f"{encoding} array must be {rule} {dtype}, got {shape} {array.dtype}")
    height, width = shape[:2]
    message = Image(
        header=header_message(stamp_ns, frame_id),
        height=int(height),
        width=int(width),
        encoding=encoding,
        is_bigendian=int(sys.byteorder == "big"),
        step=int(width * channels * dtype.itemsize),
    )
    append(message, array)
    return message


def disparity_message(estimate: StereoEstimate) -> DisparityImage:
    """Return disparities as ``stereo_image_proc`` publishes them: ``Z = f * t / d``.

    The principal points' distance is taken off, so that 0 is infinitely far away. Invalid
    pixels are ``min_disparity - 1``: the message's definition asks for less than
    ``min_disparity``, and image_pipeline takes an image's smallest value for missing, which
    beside NaN would be its farthest point. ``valid_window`` leaves out the columns whose match
    would lie left of the right image even at the smallest disparity.
    """
    camera, (low, high) = estimate.camera, estimate.limits_px
    zero, (height, width) = camera.zero_disparity_px, estimate.disparity.shape
    adjusted = estimate.disparity - np.float32(zero)
    adjusted[np.isnan(adjusted)] = low - zero - 1
    stamp_ns, frame_id = estimate.stamp_ns, estimate.frame_id
    first = min(max(math.ceil(low), 0), width)
    return DisparityImage(
        header=header_message(stamp_ns, frame_id),
        image=image_message(adjusted, "32FC1", stamp_ns, frame_id),
        f=float(camera.right.fx),
        t=float(camera.baseline_m),
        valid_window=RegionOfInterest(x_offset=first, width=int(width) - first, height=int(height)),
        min_disparity=float(low - zero),
        max_disparity=float(high - zero),
        delta_d=DISPARITY_STEP_PX,
    )


def camera_info_message(intrinsics: Intrinsics, stamp_ns: int, frame_id: str) -> CameraInfo:
    """Return the calibration of a rectified image: no distortion, K and P alike."""
    camera = intrinsics
    k = [camera.fx, 0.0, camera.cx, 0.0, camera.fy, camera.cy, 0.0, 0.0, 1.0]
    message = CameraInfo(
        header=header_message(stamp_ns, frame_id),
        width=int(camera.width),
        height=int(camera.height),
        distortion_model="plumb_bob",
    )
    message.d = [0.0] * 5
    message.k = [float(value) for value in k]
    message.r = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    message.p = [float(value) for row in range(3) for value in (*k[3 * row : 3 * row + 3], 0.0)]
    return message


def twist_message(ego_motion: EgoMotion, stamp_ns: int, frame_id: str) -> TwistStamped:
    """Return the camera's velocity in its optical frame, m/s (or units/s) and rad/s."""
    message = TwistStamped(header=header_message(stamp_ns, frame_id))
    for vector, values in (
        (message.twist.linear, ego_motion.linear_m_s),
        (message.twist.angular, ego_motion.angular_rad_s),
    ):
        vector.x, vector.y, vector.z = (float(value) for value in values)
    return message
