from __future__ import annotations

import pytest

from offline.datasets.intrinsics_files import read_intrinsics


@pytest.mark.parametrize(
    "text",
    [
        "241.6,0.,204.1,0.,246.2,59.0,0.,0.,1.",
        "2.416e+02 0 2.041e+02\n0 2.462e+02 5.9e+01\n0 0 1\n",
    ],
)
def test_blanks_and_commas_may_be_between_the_numbers(tmp_path, text):
    (tmp_path / "cam.txt").write_text(text)
    camera = read_intrinsics(tmp_path / "cam.txt", 416, 128)
    assert (camera.fx, camera.fy, camera.cx, camera.cy) == (241.6, 246.2, 204.1, 59.0)
    assert (camera.width, camera.height) == (416, 128)


def test_wrong_files_are_named(tmp_path):
    file = tmp_path / "cam.txt"
    with pytest.raises(ValueError, match=r"cam.txt cannot be read"):
        read_intrinsics(file, 4, 4)
    file.write_text("1 2 x")
    with pytest.raises(ValueError, match=r"cam.txt cannot be read: could not convert"):
        read_intrinsics(file, 4, 4)
    file.write_text("1 2 3 4")
    with pytest.raises(ValueError, match=r"cam.txt must have the 9 numbers .*, got 4"):
        read_intrinsics(file, 4, 4)
