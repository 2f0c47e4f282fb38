from __future__ import annotations

import cv2
import numpy as np
import pytest

from offline.datasets.three_frame import read_three_frame

DRIVE = "2011_09_26_drive_0001_sync_02"


def strip(*values: int) -> np.ndarray:
    """Return frames of 16x8 px side by side."""
    return np.concatenate([np.full((8, 16, 3), value, np.uint8) for value in values], axis=1)


@pytest.fixture
def folder(tmp_path):
    """One image of the frames 10, 20 and 30 in a drive's folder."""
    (tmp_path / DRIVE).mkdir()
    cv2.imwrite(str(tmp_path / DRIVE / "0000000001.jpg"), strip(10, 20, 30))
    (tmp_path / "val.txt").write_text(f"{DRIVE} 0000000001\n")
    return tmp_path


def test_the_middle_frame_is_the_current_one(folder):
    (sample,) = read_three_frame(folder)
    assert (sample.name, sample.sequence) == (f"{DRIVE}/0000000001", DRIVE)
    images = sample.images(("previous", "current", "next"))
    assert [image.shape for image in images.values()] == [(8, 16, 3)] * 3
    assert [image[4, 8, 0] for image in images.values()] == [10, 20, 30]


def test_of_five_frames_the_middle_three_are_taken(folder):
    cv2.imwrite(str(folder / DRIVE / "0000000001.jpg"), strip(0, 10, 20, 30, 40))
    (sample,) = read_three_frame(folder, frames=5)
    images = sample.images(("previous", "current", "next"))
    assert [image[4, 8, 0] for image in images.values()] == [10, 20, 30]


def test_images_may_be_png(folder):
    (folder / DRIVE / "0000000001.jpg").unlink()
    cv2.imwrite(str(folder / DRIVE / "0000000001.png"), strip(1, 2, 3))
    assert read_three_frame(folder)[0].image("next")[0, 0, 0] == 3


def test_a_missing_image_is_named_with_its_line(folder):
    (folder / "val.txt").write_text(f"{DRIVE} 0000000001\n{DRIVE} 0000000007\n")
    message = r"val.txt, line 2\): image .*0000000007.jpg cannot be read"
    with pytest.raises(ValueError, match=message):
        read_three_frame(folder)[1].image("current")


def test_an_image_that_does_not_split_is_refused(folder):
    cv2.imwrite(str(folder / DRIVE / "0000000001.jpg"), np.zeros((8, 47, 3), np.uint8))
    with pytest.raises(ValueError, match="must hold 3 frames side by side, got a width of 47 px"):
        read_three_frame(folder)[0].image("current")


def test_a_wrong_line_is_named(folder):
    (folder / "val.txt").write_text(f"{DRIVE} 0000000001\n\n{DRIVE}\n")
    with pytest.raises(ValueError, match=r"val.txt, line 3 must be '<drive> <frame>', got '2011"):
        read_three_frame(folder)


def test_a_missing_list_and_an_even_number_of_frames_are_refused(folder):
    with pytest.raises(ValueError, match=r"must have train.txt with lines of '<drive> <frame>'"):
        read_three_frame(folder, split="train")
    with pytest.raises(ValueError, match="frames of an image must be 3 or a larger odd number"):
        read_three_frame(folder, frames=4)
