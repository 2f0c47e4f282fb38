"""The bytes of a raw image in any of a robot's usual encodings as an RGB array.

Names and layouts are those of ``sensor_msgs/image_encodings.hpp``. Rows may be padded to any
``step``. Values of 16 bits keep their high byte. Chroma is BT.601 with video range, as every
ROS image viewer assumes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import cv2
import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Converter = Callable[[Pixels], Pixels]

MINIMUM_BAYER_SIZE = 3  # OpenCV's interpolation answers smaller mosaics with black


@dataclass(frozen=True)
class Encoding:
    """How pixels lie in memory and what makes them RGB.

    Attributes:
        channels: values of one pixel in a row.
        to_rgb: from the bytes seen as (rows, width, channels) to RGB.
        item_size: bytes of one value.
        minimum: smallest width and height.
        even: whether width and height must be even.
        planes: rows in memory for ``rows[1]`` rows of the image.
    """

    channels: int
    to_rgb: Converter
    item_size: int = 1
    minimum: int = 1
    even: tuple[bool, bool] = (False, False)
    rows: tuple[int, int] = (1, 1)


def decode(
    data: object, encoding: str, width: int, height: int, step: int, *, is_bigendian: bool = False
) -> Pixels:
    """Return an image's bytes as RGB. # (H, W, 3) uint8.

    Unpadded ``rgb8`` is returned as a view of ``data``, everything else as a new array.

    Args:
        data: anything with the buffer protocol; longer than needed is accepted.
        encoding: a key of ``ENCODINGS``.
        width: px.
        height: px.
        step: bytes from one row to the next; need not be a multiple of the value's size.
        is_bigendian: of 16-bit values.

    Raises:
        ValueError: for an encoding that is not supported, a size that is empty or does not
            suit the encoding, a step shorter than a row, or data shorter than the image.
    """
    layout = _layout(encoding)
    _check_size(layout, encoding, width, height)
    rows = height * layout.rows[0] // layout.rows[1]
    buffer = _checked_buffer(data, layout, encoding, width, rows, step)
    high_byte = 0 if is_bigendian else layout.item_size - 1
    pixel = layout.channels * layout.item_size
    view: Pixels = np.ndarray(
        (rows, width, layout.channels),
        np.uint8,
        buffer,
        offset=high_byte,
        strides=(step, pixel, layout.item_size),
    )
    return layout.to_rgb(view)


def demosaic(mosaic: Pixels, encoding: str) -> Pixels:
    """Return a single-channel Bayer image as RGB. # (H, W) -> (H, W, 3).

    Args:
        mosaic: 8-bit values.
        encoding: ``bayer_*8`` or ``bayer_*16``: names the order of the filters.

    Raises:
        ValueError: for a mosaic below 3x3 px.
    """
    layout = _layout(encoding)
    _check_size(layout, encoding, mosaic.shape[1], mosaic.shape[0])
    return layout.to_rgb(mosaic[:, :, None])


def is_bayer(encoding: str) -> bool:
    """Return whether an encoding is one of the supported colour filter mosaics."""
    return encoding.startswith("bayer_") and encoding in ENCODINGS


def _layout(encoding: str) -> Encoding:
    if encoding not in ENCODINGS:
        raise ValueError(
            f"image encoding must be one of {', '.join(ENCODINGS)}, got {encoding!r}; "
            "set the camera driver to one of them or convert the image first"
        )
    return ENCODINGS[encoding]


def _check_size(layout: Encoding, encoding: str, width: int, height: int) -> None:
    if min(width, height) < layout.minimum:
        raise ValueError(
            f"image size must be at least {layout.minimum}x{layout.minimum} px for {encoding}, "
            f"got {width}x{height}; check that the camera driver is streaming"
        )
    for name, value, even in zip(("width", "height"), (width, height), layout.even, strict=True):
        if even and value % 2:
            raise ValueError(
                f"image {name} must be even for {encoding}, whose pixels share their colour, "
                f"got {width}x{height}; crop the image to even sizes"
            )


def _checked_buffer(
    data: object, layout: Encoding, encoding: str, width: int, rows: int, step: int
) -> memoryview:
    row = width * layout.channels * layout.item_size
    if step < row:
        raise ValueError(
            f"image step must be at least {row} bytes for {width} px of {encoding}, got {step}; "
            "the publisher fills it wrongly"
        )
    buffer = memoryview(cast(Any, data)).cast("B")
    needed = step * (rows - 1) + row
    if len(buffer) < needed:
        raise ValueError(
            f"image data must hold at least {needed} bytes for {width} px of {encoding} in "
            f"{rows} rows of {step} bytes, got {len(buffer)}; the message was cut off or its "
            "header is wrong"
        )
    return buffer


def _opencv(code: int) -> Converter:
    """Return OpenCV's conversion ``cv2.COLOR_*``."""

    def convert(view: Pixels) -> Pixels:
        contiguous = view.strides[1:] == (view.shape[2], 1)
        return cast(Pixels, cv2.cvtColor(view if contiguous else view.copy(), code))

    return convert


def _rgb(view: Pixels) -> Pixels:
    return np.ascontiguousarray(view)


def _nv24(planes: Pixels) -> Pixels:
    """Convert full-resolution chroma through YUYV with every pixel repeated.

    Only recent OpenCV knows the layout; the detour uses the same coefficients.
    """
    height, width = planes.shape[0] // 3, planes.shape[1]
    step = planes.strides[0]
    chroma = as_strided(planes[height:], (height, width, 2), (2 * step, 2, 1))
    luma = planes[:height, :, 0]
    u, v = cv2.split(chroma)
    repeated = cv2.merge((luma, u, luma, v)).reshape(height, 2 * width, 2)
    rgba = cv2.cvtColor(repeated, cv2.COLOR_YUV2RGBA_YUY2)
    one_of_two = rgba.view(np.uint32)[:, ::2].copy().view(np.uint8)
    return cast(Pixels, cv2.cvtColor(one_of_two, cv2.COLOR_RGBA2RGB))


def _encodings() -> dict[str, Encoding]:
    # OpenCV's older Bayer names, which every release knows, start at the second pixel of the
    # second row: BG is RGGB.
    colors: dict[str, tuple[int, Converter, int]] = {
        "rgb": (3, _rgb, 1),
        "bgr": (3, _opencv(cv2.COLOR_BGR2RGB), 1),
        "rgba": (4, _opencv(cv2.COLOR_RGBA2RGB), 1),
        "bgra": (4, _opencv(cv2.COLOR_BGRA2RGB), 1),
        "mono": (1, _opencv(cv2.COLOR_GRAY2RGB), 1),
        "bayer_rggb": (1, _opencv(cv2.COLOR_BayerBG2RGB), MINIMUM_BAYER_SIZE),
        "bayer_bggr": (1, _opencv(cv2.COLOR_BayerRG2RGB), MINIMUM_BAYER_SIZE),
        "bayer_gbrg": (1, _opencv(cv2.COLOR_BayerGR2RGB), MINIMUM_BAYER_SIZE),
        "bayer_grbg": (1, _opencv(cv2.COLOR_BayerGB2RGB), MINIMUM_BAYER_SIZE),
    }
    table = {
        f"{color}{8 * item_size}": Encoding(channels, to_rgb, item_size, minimum)
        for color, (channels, to_rgb, minimum) in colors.items()
        for item_size in (1, 2)
    }
    table |= {"8UC1": table["mono8"], "8UC3": table["bgr8"]}
    table["uyvy"] = Encoding(2, _opencv(cv2.COLOR_YUV2RGB_UYVY), even=(True, False))
    table["yuyv"] = Encoding(2, _opencv(cv2.COLOR_YUV2RGB_YUY2), even=(True, False))
    table |= {"yuv422": table["uyvy"], "yuv422_yuy2": table["yuyv"]}
    for name, code in (("nv12", cv2.COLOR_YUV2RGB_NV12), ("nv21", cv2.COLOR_YUV2RGB_NV21)):
        table[name] = Encoding(1, _opencv(code), even=(True, True), rows=(3, 2))
    table["nv24"] = Encoding(1, _nv24, rows=(3, 1))
    return table


ENCODINGS = _encodings()
