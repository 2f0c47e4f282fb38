from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from offline.golden.stand_ins import golden_image
from offline.inference.image_sources import (
    files_of,
    image_sequence,
    listed_images,
    single_moment,
    stereo_sequence,
)
from offline.inference.moments import ImageReader


def test_a_sequence_has_neighbours_inside_and_stamps():
    source = image_sequence([Path(f"{n}.png") for n in range(3)], fps=20)
    assert source.count == 3
    assert source.roles == ("current", "next", "previous")
    assert [sorted(moment.images) for moment in source.listed] == [
        ["current", "next"],
        ["current", "next", "previous"],
        ["current", "previous"],
    ]
    assert source.listed[1].next_stamp_ns - source.listed[1].stamp_ns == 50_000_000
    assert source.listed[2].next_stamp_ns is None


def test_neighbours_share_the_array_of_a_file(tmp_path):
    files = [tmp_path / f"{n}.png" for n in range(2)]
    for number, file in enumerate(files):
        cv2.imwrite(str(file), golden_image(number, 8, 8)[..., ::-1])
    first, second = image_sequence(files).listed
    image = first.images["next"]()
    assert second.images["current"]() is image
    np.testing.assert_array_equal(image, golden_image(1, 8, 8))


def test_an_image_that_is_not_there_is_named():
    with pytest.raises(ValueError, match=r"image nowhere\.png cannot be read"):
        ImageReader()(Path("nowhere.png"))


def test_a_list_names_single_images_or_three(tmp_path):
    (tmp_path / "list.txt").write_text("a/1.png\n\na/1.png a/2.png a/3.png\n")
    single, triple = listed_images(tmp_path / "list.txt", tmp_path).listed
    assert (single.name, sorted(single.images)) == ("a/1", ["current"])
    assert (triple.name, sorted(triple.images)) == ("a/2", ["current", "next", "previous"])


def test_a_list_of_pairs_is_refused_by_line(tmp_path):
    (tmp_path / "list.txt").write_text("1.png\n1.png 2.png\n")
    with pytest.raises(ValueError, match=r"list\.txt, line 2 must name one image, .* got 2 words"):
        listed_images(tmp_path / "list.txt", tmp_path)


def test_outputs_stay_in_their_folder(tmp_path):
    (tmp_path / "list.txt").write_text("../up/1.png\n/abs/2.png\n")
    names = [moment.name for moment in listed_images(tmp_path / "list.txt", tmp_path).listed]
    assert names == ["up/1", "abs/2"]


def test_two_cameras_must_have_as_many_images():
    left = [Path("1.png"), Path("2.png")]
    with pytest.raises(ValueError, match="at least 2 each, got 2 and 1"):
        stereo_sequence(left, left[:1])


def test_a_single_moment_is_called_as_its_current_image():
    files = {"previous": Path("a/1.png"), "current": Path("a/2.png"), "next": Path("a/3.png")}
    (moment,) = single_moment(files).listed
    assert moment.name == "2"
    assert moment.next_stamp_ns == moment.stamp_ns + 100_000_000


def test_a_folder_among_images_is_refused(tmp_path):
    with pytest.raises(ValueError, match="one folder or several images, got the folder"):
        files_of([tmp_path, Path("1.png")])
