"""ROS messages as CDR bytes without ROS: made for recordings, checked when played back.

CDR starts with a 4-byte encapsulation header; a message that begins with ``std_msgs/Header``
goes on with its stamp (int32 seconds, uint32 nanoseconds).
"""

from __future__ import annotations

import functools
import math
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from rosbags.typesys import Stores, get_typestore
from rosbags.typesys.store import Typestore

if TYPE_CHECKING:  # playing a recording back must not take the seconds that torch takes to import
    from scene_perception.geometry.camera import Intrinsics

IMAGE = "sensor_msgs/msg/Image"
COMPRESSED_IMAGE = "sensor_msgs/msg/CompressedImage"
CAMERA_INFO = "sensor_msgs/msg/CameraInfo"
ODOMETRY = "nav_msgs/msg/Odometry"

TWIST = "geometry_msgs/msg/TwistStamped"
STRING = "std_msgs/msg/String"

_LAYOUTS: dict[str, tuple[int, type[np.generic]]] = {
    "mono8": (1, np.uint8),
    "mono16": (1, np.uint16),
    "rgb8": (3, np.uint8),
    "bgr8": (3, np.uint8),
    "rgba8": (4, np.uint8),
    "bgra8": (4, np.uint8),
    "32FC1": (1, np.float32),
    "32FC2": (2, np.float32),
    "32FC3": (3, np.float32),
}
_NS_PER_S = 1_000_000_000


@functools.cache
def typestore() -> Typestore:
    """Return the definitions of the standard message types (they take 0.1 s to build)."""
    return get_typestore(Stores.ROS2_KILTED)


def knows(msgtype: str) -> bool:
    """Return whether the definition of ``msgtype`` is known."""
    return msgtype in typestore().fielddefs


def require_readable(data: bytes, msgtype: str) -> None:
    """Raise ValueError if ``data`` is not a whole ``msgtype``; unknown types pass."""
    if not knows(msgtype):
        return
    try:
        typestore().deserialize_cdr(memoryview(data), msgtype)
    except Exception as error:
        raise ValueError(
            f"data must be a whole {msgtype}, got {len(data)} bytes ({error})"
        ) from error


def header_stamp_ns(data: bytes) -> int:
    """Return the header stamp of a message that begins with ``std_msgs/Header``.

    Raises:
        ValueError: for data too short for one or with an unknown encapsulation.
    """
    if len(data) < 12 or data[0] != 0 or data[1] > 1:
        raise ValueError(f"data must be CDR with a header stamp, got {data[:12].hex()!r}")
    seconds, nanoseconds = struct.unpack_from("<iI" if data[1] else ">iI", data, 4)
    return int(seconds) * _NS_PER_S + int(nanoseconds)


def image(pixels: NDArray[Any], encoding: str, stamp_ns: int, frame_id: str) -> bytes:
    """Return a ``sensor_msgs/Image``.

    Args:
        pixels: uint8; uint16 for mono16; float32 for 32FC*. # (H, W) or (H, W, C)
        encoding: mono8, mono16, rgb8, bgr8, rgba8, bgra8, 32FC1, 32FC2 or 32FC3.
        stamp_ns: header stamp.
        frame_id: header frame.

    Raises:
        ValueError: for another encoding, or pixels that do not fit it.
    """
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    layout = _LAYOUTS.get(encoding)
    if layout != (channels, pixels.dtype.type) or pixels.ndim not in (2, 3):
        raise ValueError(
            f"pixels of shape {pixels.shape} {pixels.dtype} do not fit encoding {encoding!r}; "
            f"known are {', '.join(_LAYOUTS)}"
        )
    height, width = pixels.shape[:2]
    little_endian = np.ascontiguousarray(pixels.astype(pixels.dtype.newbyteorder("<"), copy=False))
    message = _new(
        IMAGE,
        header=_header(stamp_ns, frame_id),
        height=height,
        width=width,
        encoding=encoding,
        is_bigendian=0,
        step=width * channels * pixels.dtype.itemsize,
        data=little_endian.reshape(-1).view(np.uint8),
    )
    return _serialize(message, IMAGE)


def image_pixels(message: Any) -> NDArray[Any]:  # noqa: ANN401
    """Return the pixels of a ``sensor_msgs/Image``, as ``image`` takes them.

    Args:
        message: deserialised; rows may be padded.

    Returns:
        A view where nothing has to be converted. # (H, W) or (H, W, C)

    Raises:
        ValueError: for an encoding that ``image`` does not know, or too few bytes.
    """
    if message.encoding not in _LAYOUTS:
        raise ValueError(f"encoding must be one of {', '.join(_LAYOUTS)}, got {message.encoding!r}")
    channels, dtype = _LAYOUTS[message.encoding]
    height, width, step = message.height, message.width, message.step
    row_bytes = width * channels * np.dtype(dtype).itemsize
    if step < row_bytes or len(message.data) < height * step:
        raise ValueError(
            f"{message.encoding} of {width}x{height} px must have rows of {row_bytes} bytes and "
            f"more, got {len(message.data)} bytes in rows of {step}"
        )
    rows = np.asarray(message.data)[: height * step].reshape(height, step)[:, :row_bytes]
    order = np.dtype(dtype).newbyteorder(">" if message.is_bigendian else "<")
    pixels = np.ascontiguousarray(rows).view(order).astype(dtype, copy=False)
    return pixels.reshape((height, width, channels) if channels > 1 else (height, width))


def compressed_image(encoded: bytes, file_format: str, stamp_ns: int, frame_id: str) -> bytes:
    """Return a ``sensor_msgs/CompressedImage`` of a ``png`` or ``jpeg`` file's bytes."""
    message = _new(
        COMPRESSED_IMAGE,
        header=_header(stamp_ns, frame_id),
        format=file_format,
        data=np.frombuffer(encoded, np.uint8),
    )
    return _serialize(message, COMPRESSED_IMAGE)


def camera_info(
    intrinsics: Intrinsics, stamp_ns: int, frame_id: str, *, baseline_m: float = 0.0
) -> bytes:
    """Return the ``sensor_msgs/CameraInfo`` of a rectified image.

    Args:
        intrinsics: of the rectified image.
        stamp_ns: header stamp.
        frame_id: header frame.
        baseline_m: from the left camera to this one along x, 0 for the left or a lone one.
    """
    k = [intrinsics.fx, 0.0, intrinsics.cx, 0.0, intrinsics.fy, intrinsics.cy, 0.0, 0.0, 1.0]
    p = [*k[:3], -intrinsics.fx * baseline_m, *k[3:6], 0.0, *k[6:], 0.0]
    region = _new(
        "sensor_msgs/msg/RegionOfInterest",
        x_offset=0,
        y_offset=0,
        height=0,
        width=0,
        do_rectify=False,
    )
    message = _new(
        CAMERA_INFO,
        header=_header(stamp_ns, frame_id),
        height=intrinsics.height,
        width=intrinsics.width,
        distortion_model="plumb_bob",
        d=np.zeros(5),
        k=np.array(k),
        r=np.eye(3).reshape(-1),
        p=np.array(p),
        binning_x=0,
        binning_y=0,
        roi=region,
    )
    return _serialize(message, CAMERA_INFO)


def odometry(
    odom_from_child: NDArray[np.float64], stamp_ns: int, frame_id: str, child_frame_id: str
) -> bytes:
    """Return a ``nav_msgs/Odometry`` whose pose is ``odom_from_child`` (metres). # (4, 4)."""
    zero = _vector("Vector3", np.zeros(3))
    x, y, z, w = quaternion(odom_from_child[:3, :3])
    pose = _new(
        "geometry_msgs/msg/Pose",
        position=_vector("Point", odom_from_child[:3, 3]),
        orientation=_new("geometry_msgs/msg/Quaternion", x=x, y=y, z=z, w=w),
    )
    twist = _new("geometry_msgs/msg/Twist", linear=zero, angular=zero)
    unknown = np.zeros(36)
    message = _new(
        ODOMETRY,
        header=_header(stamp_ns, frame_id),
        child_frame_id=child_frame_id,
        pose=_new("geometry_msgs/msg/PoseWithCovariance", pose=pose, covariance=unknown),
        twist=_new("geometry_msgs/msg/TwistWithCovariance", twist=twist, covariance=unknown),
    )
    return _serialize(message, ODOMETRY)


def twist(
    linear: NDArray[np.float64], angular: NDArray[np.float64], stamp_ns: int, frame_id: str
) -> bytes:
    """Return a ``geometry_msgs/TwistStamped``, m/s and rad/s in ``frame_id``. # (3,), (3,)."""
    velocity = _new(
        "geometry_msgs/msg/Twist",
        linear=_vector("Vector3", linear),
        angular=_vector("Vector3", angular),
    )
    return _serialize(_new(TWIST, header=_header(stamp_ns, frame_id), twist=velocity), TWIST)


def string(text: str) -> bytes:
    """Return a ``std_msgs/String``."""
    return _serialize(_new(STRING, data=text), STRING)


def quaternion(rotation: NDArray[np.float64]) -> tuple[float, float, float, float]:
    """Return the unit quaternion (x, y, z, w) of a rotation matrix. # (3, 3).

    Its largest component is found first and the others divided by it, which stays accurate
    for every rotation.
    """
    m = rotation
    diagonal = np.diag(m)
    squares = 1.0 + np.array([*(2.0 * diagonal - diagonal.sum()), diagonal.sum()])
    largest = int(np.argmax(squares))
    w = m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1]
    xy, xz, yz = m[0, 1] + m[1, 0], m[0, 2] + m[2, 0], m[1, 2] + m[2, 1]
    four = squares[largest]
    rows = ([four, xy, xz, w[0]], [xy, four, yz, w[1]], [xz, yz, four, w[2]], [*w, four])
    qx, qy, qz, qw = (float(v) / (2.0 * math.sqrt(four)) for v in rows[largest])
    return qx, qy, qz, qw


def _new(msgtype: str, **fields: object) -> object:
    kind: Any = typestore().types[msgtype]
    message: object = kind(**fields)
    return message


def _header(stamp_ns: int, frame_id: str) -> object:
    seconds, nanoseconds = divmod(stamp_ns, _NS_PER_S)
    stamp = _new("builtin_interfaces/msg/Time", sec=seconds, nanosec=nanoseconds)
    return _new("std_msgs/msg/Header", stamp=stamp, frame_id=frame_id)


def _vector(kind: str, values: NDArray[np.float64]) -> object:
    x, y, z = (float(v) for v in values)
    return _new(f"geometry_msgs/msg/{kind}", x=x, y=y, z=z)


def _serialize(message: object, msgtype: str) -> bytes:
    data = bytes(typestore().serialize_cdr(message, msgtype))
    # DDS sends multiples of four bytes: padded here, a message arrives as it was recorded.
    return data + bytes(-len(data) % 4)
