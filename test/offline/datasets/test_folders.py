from __future__ import annotations

import pytest

from offline.datasets.folders import contents, entries, find_list, read_list, require_folder


def test_lines_are_numbered_as_in_the_file(tmp_path):
    file = tmp_path / "list.txt"
    file.write_text("a b\n\nc\n")
    first, second = read_list(file)
    assert (first.where, first.words) == (f"{file}, line 1", ("a", "b"))
    assert (second.where, second.words) == (f"{file}, line 3", ("c",))


def test_lines_made_by_rule_have_the_lists_name():
    assert [entry.where for entry in entries("list x", ["a", "b"])] == [
        "list x, line 1",
        "list x, line 2",
    ]


def test_a_list_is_found_by_name_or_path(tmp_path):
    (tmp_path / "val.txt").write_text("a")
    (tmp_path / "other").write_text("a")
    assert find_list("scene", tmp_path, "val", lines="x") == tmp_path / "val.txt"
    other = tmp_path / "other"
    assert find_list("scene", tmp_path, str(other), lines="x") == other


def test_a_missing_list_or_folder_is_told_with_what_is_there(tmp_path):
    (tmp_path / "a").mkdir()
    with pytest.raises(ValueError, match=r"must have val.txt with lines of scenes; it has a$"):
        find_list("scene", tmp_path, "val", lines="scenes")
    with pytest.raises(ValueError, match=r"KITTI folder .* must have b with 0.png; it has a$"):
        require_folder("KITTI", tmp_path, "b", holds="0.png")


def test_what_a_folder_holds_is_told_shortly(tmp_path):
    assert contents(tmp_path) == "it is empty"
    assert contents(tmp_path / "a") == "it does not exist"
    for name in "hgfedcba":
        (tmp_path / name).touch()
    assert contents(tmp_path) == "it has a, b, c, d, e, f and 2 more"
    assert contents(tmp_path / "a") == "it is no folder"
