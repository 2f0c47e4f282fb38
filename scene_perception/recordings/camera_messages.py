"""Camera messages as arrays: images, raw or compressed, and calibration.

Messages are read by their field names alone, so that those of ROS serve as well as those that a
recording is read into without ROS. Every refusal is a ``ValueError`` that says what came, what
was expected and what to do about it. Raw encodings are in ``encodings.py``.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from scene_perception.geometry.camera import Intrinsics
from scene_perception.recordings import encodings

Pixels = NDArray[np.uint8]
Message = Any
_JPEG_START, _JPEG_END = b"\xff\xd8", b"\xff\xd9"


def image_to_rgb(message: Message) -> Pixels:
    """Return a ``sensor_msgs/Image`` as RGB. # (H, W, 3) uint8.

    Unpadded ``rgb8`` stays a view of the message's data.

    Raises:
        ValueError: as ``encodings.decode``.
    """
    return encodings.decode(
        message.data,
        message.encoding,
        message.width,
        message.height,
        message.step,
        is_bigendian=bool(message.is_bigendian),
    )


def compressed_to_rgb(message: Message) -> Pixels:
    """Return a ``sensor_msgs/CompressedImage`` as RGB. # (H, W, 3) uint8.

    JPEG and PNG declare their own colours, so that of ``format`` only a Bayer order is read:
    image_transport compresses such mosaics as they are.

    Raises:
        ValueError: for a depth image (``compressedDepth``), for data that is empty, cut off
            or neither JPEG nor PNG.
    """
    if "compressedDepth" in message.format:
        raise ValueError(
            f"compressed image format must be a JPEG or PNG colour image, got {message.format!r}; "
            "subscribe to the camera's colour topic"
        )
    image = _decompress(message)
    if image.dtype == np.uint16:
        image = (image >> 8).astype(np.uint8)
    source = message.format.split(";")[0].strip()
    if image.ndim == 2:
        if encodings.is_bayer(source):
            return encodings.demosaic(image, source)
        return _pixels(cv2.cvtColor(image, cv2.COLOR_GRAY2RGB))
    code = cv2.COLOR_BGRA2RGB if image.shape[2] == 4 else cv2.COLOR_BGR2RGB
    return _pixels(cv2.cvtColor(image, code))


def _decompress(message: Message) -> NDArray[Any]:
    """Return what OpenCV decodes: gray, BGR or BGRA of 8 or 16 bits, never rotated by EXIF."""
    data = np.frombuffer(message.data, np.uint8)
    failure = ""
    try:
        if len(data) and not _is_cut_jpeg(data):
            image = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
            if image is not None and image.dtype in (np.uint8, np.uint16):
                return image
    except cv2.error as error:
        failure = f" ({error.err})"
    raise ValueError(
        f"compressed image data must be a whole JPEG or PNG, got {len(data)} bytes of format "
        f"{message.format!r} that do not decode{failure}; check the publisher and the transport"
    )


def _is_cut_jpeg(data: Pixels) -> bool:
    # Older OpenCV returns the missing part of a cut JPEG as gray, without an error.
    raw = data.tobytes()
    return raw.startswith(_JPEG_START) and _JPEG_END not in raw


def intrinsics_from_camera_info(message: Message, width: int, height: int) -> Intrinsics:
    """Return the intrinsics of the rectified image ``width x height`` of a calibrated camera.

    ``P`` is what holds for a rectified image. Where it is all zero and there is no distortion,
    raw and rectified are the same and ``K`` stands in. Region of interest and binning are
    applied as image_geometry's ``PinholeCameraModel`` does (REP 104: ``P`` is for the full
    sensor, the region in unbinned pixels).

    Raises:
        ValueError: for an uncalibrated or unrectified camera, an image of another size than
            the calibration's, a focal length that is not positive, or NaN or infinity.
    """
    binning_x, binning_y = max(int(message.binning_x), 1), max(int(message.binning_y), 1)
    region = message.roi
    expected = (
        (region.width or message.width) // binning_x,
        (region.height or message.height) // binning_y,
    )
    if expected != (width, height):
        raise ValueError(
            f"camera_info must be of the image's size, got camera_info for "
            f"{expected[0]}x{expected[1]} px (after region of interest and binning) and an image "
            f"of {width}x{height} px; publish both from the same camera, resized together"
        )
    fx, fy, cx, cy = _projection(message)
    return Intrinsics(
        fx=fx / binning_x,
        fy=fy / binning_y,
        cx=(cx - region.x_offset) / binning_x,
        cy=(cy - region.y_offset) / binning_y,
        width=width,
        height=height,
    )


def _projection(message: Message) -> tuple[float, float, float, float]:
    """Return fx, fy, cx, cy [px] of the full sensor, rectified."""
    name, matrix = "P", [float(value) for value in message.p]
    if not any(matrix):
        name, matrix = "K", [float(value) for value in message.k]
        if not any(matrix):
            raise ValueError(
                "camera_info must have a calibration, got P and K all zero; calibrate the camera "
                "(camera_calibration) or give its driver the calibration file"
            )
        if any(message.d):
            raise ValueError(
                f"camera_info must be of a rectified camera, got P all zero and distortion "
                f"{[float(value) for value in message.d]}; rectify the image with image_proc"
            )
    row = len(matrix) // 3
    fx, fy, cx, cy = matrix[0], matrix[row + 1], matrix[2], matrix[row + 2]
    if not (np.isfinite([fx, fy, cx, cy]).all() and fx > 0 and fy > 0):
        raise ValueError(
            f"camera_info {name} must have focal lengths > 0 px and finite numbers, got "
            f"fx={fx}, fy={fy}, cx={cx}, cy={cy}; calibrate the camera anew"
        )
    return fx, fy, cx, cy


def _pixels(array: NDArray[Any]) -> Pixels:
    return array.astype(np.uint8, copy=False)
