from __future__ import annotations

import cv2
import numpy as np
import pytest

from offline.datasets.image_folder import read_image_folder


def test_a_folder_is_one_camera_at_the_given_rate(tmp_path):
    for index in range(12):
        cv2.imwrite(str(tmp_path / f"{index}.png"), np.full((4, 4), index, np.uint8))
    sequence = read_image_folder(tmp_path, fps=20.0)
    assert sequence.stamps_ns[1] - sequence.stamps_ns[0] == 50_000_000
    assert [p.pixels("")[0][0, 0] for p in sequence.left.pictures] == list(range(12))
    assert sequence.left.intrinsics is None


def test_a_folder_without_images_is_refused(tmp_path):
    with pytest.raises(ValueError, match="got none"):
        read_image_folder(tmp_path)
