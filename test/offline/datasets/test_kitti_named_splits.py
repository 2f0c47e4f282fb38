from __future__ import annotations

import dataclasses

import pytest

from offline.datasets import kitti_named_splits
from offline.datasets.kitti_named_splits import (
    LISTS,
    digest,
    split_frames,
    with_improved_truth,
)
from offline.datasets.kitti_splits import RawFrame

FIVE = "2011_09_26_drive_0048_sync"  # of 22 frames
LONG = "2011_10_03_drive_0027_sync"


def frames(drive: str, *numbers: int) -> list[RawFrame]:
    return [RawFrame(drive, 2, number) for number in numbers]


def test_the_digest_knows_frames_in_any_order_and_format():
    known = frames(FIVE, 1, 2)
    other = [dataclasses.replace(frame, suffix=".jpg", where="list") for frame in known[::-1]]
    assert digest(known) == digest(other)
    assert digest(known) != digest(frames(FIVE, 1, 3))


def test_the_digest_is_that_of_the_names_a_line_each():
    # printf '%s' 2011_09_26/2011_09_26_drive_0048_sync/image_02/data/0000000001 | sha256sum
    assert digest(frames(FIVE, 1)) == "84b39873815c198b"


def test_a_published_list_is_found_in_the_data_sets_folder(tmp_path, monkeypatch):
    listed = frames(FIVE, 1, 2)
    known = dataclasses.replace(LISTS["zhou_val"], digest=digest(listed), count=2)
    monkeypatch.setitem(kitti_named_splits.LISTS, "zhou_val", known)
    for place in known.files:
        file = tmp_path / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("".join(f"{frame.name}.jpg\n" for frame in listed))
        assert [frame.name for frame in split_frames("zhou_val", tmp_path)] == [
            frame.name for frame in listed
        ]
        file.unlink()


def test_the_first_and_last_five_frames_of_a_drive_have_no_improved_truth():
    kept = with_improved_truth(frames(FIVE, *range(22)) + frames(LONG, 4, 5, 4535))
    assert [frame.number for frame in kept] == [*range(5, 17), 5, 4535]


def test_eigens_test_frames_are_known_in_the_published_order(tmp_path):
    known = split_frames("eigen", tmp_path)
    assert len(known) == 697
    # The same digest as of the lists of omegaNet, Insta-DM and monodepth2.
    assert digest(known) == "36c04d7d85a01156"
    assert known[0].name == "2011_09_26/2011_09_26_drive_0002_sync/image_02/data/0000000069"
    assert known[0].where == "Eigen's test list, line 1"


def test_652_of_eigens_frames_have_improved_truth(tmp_path):
    assert len(split_frames("eigen_benchmark", tmp_path)) == 652


def test_a_missing_list_says_where_it_is_published_and_where_it_may_lie(tmp_path):
    message = r"splits/eigen_zhou/val_files.txt of .*--split FILE"
    with pytest.raises(ValueError, match=message):
        split_frames("zhou_val", tmp_path)


def test_another_list_of_that_name_is_refused(tmp_path):
    file = tmp_path / "eigen_zhou" / "val_files.txt"
    file.parent.mkdir()
    file.write_text(f"2011_09_26/{FIVE} 1 l\n")
    message = r"val_files.txt must be Zhou's val list of 4424 frames .* got 1 frames"
    with pytest.raises(ValueError, match=message):
        split_frames("zhou_val", tmp_path)


def test_a_list_by_its_path_is_the_callers_choice(tmp_path):
    file = tmp_path / "mine.txt"
    file.write_text(f"2011_09_26/{FIVE} 1 l\n")
    assert [frame.number for frame in split_frames(str(file), tmp_path)] == [1]


def test_a_split_that_is_neither_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"split must be eigen, .* or the path of a list, got 'x'"):
        split_frames("x", tmp_path)
