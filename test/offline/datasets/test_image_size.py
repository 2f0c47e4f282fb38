from __future__ import annotations

import cv2
import numpy as np
import pytest

from offline.datasets.image_size import image_size

PIXELS = np.zeros((13, 29, 3), np.uint8)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.jpeg"])
def test_height_and_width_come_from_the_header(tmp_path, name):
    cv2.imwrite(str(tmp_path / name), PIXELS)
    assert image_size(tmp_path / name) == (13, 29)


def test_a_progressive_jpeg_has_its_size_elsewhere(tmp_path):
    cv2.imwrite(str(tmp_path / "a.jpg"), PIXELS, [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])
    assert image_size(tmp_path / "a.jpg") == (13, 29)


@pytest.mark.parametrize("name", ["a.png", "a.jpg"])
def test_the_content_decides_not_the_name(tmp_path, name):
    cv2.imwrite(str(tmp_path / name), PIXELS)
    other = tmp_path / ("b.jpg" if name == "a.png" else "b.png")
    (tmp_path / name).rename(other)
    assert image_size(other) == (13, 29)


@pytest.mark.parametrize("name", ["a.png", "a.jpg"])
@pytest.mark.parametrize("count", [0, 1, 10, 20])
def test_a_cut_header_is_refused(tmp_path, name, count):
    cv2.imwrite(str(tmp_path / name), PIXELS)
    file = tmp_path / name
    file.write_bytes(file.read_bytes()[:count])
    with pytest.raises(ValueError, match=rf"{name} is damaged or no PNG or JPEG"):
        image_size(file)


def test_what_is_no_image_is_refused(tmp_path):
    (tmp_path / "a.png").write_bytes(b"BM" + bytes(100))
    with pytest.raises(ValueError, match=r"a.png is damaged or no PNG or JPEG"):
        image_size(tmp_path / "a.png")
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8" + bytes(100))
    with pytest.raises(ValueError, match=r"a.jpg is damaged or no PNG or JPEG"):
        image_size(tmp_path / "a.jpg")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"a.png cannot be read: No such file"):
        image_size(tmp_path / "a.png")
