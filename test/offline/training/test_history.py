import pytest

from offline.training.history import HISTORY, Slice, append, read_history

FIRST = Slice("2026-11-21", 0, 100, 60.5, "a processor", "2.13.0", 1)


def test_slices_read_back_in_their_order(tmp_path):
    second = Slice("2026-11-22", 100, 150, 30.0, "a GPU", "2.13.0", 2)
    append(tmp_path, FIRST)
    append(tmp_path, second)
    assert read_history(tmp_path) == (FIRST, second)


def test_folder_without_a_history_has_no_slices(tmp_path):
    assert read_history(tmp_path) == ()


def test_damaged_line_is_named(tmp_path):
    append(tmp_path, FIRST)
    with (tmp_path / HISTORY).open("a") as file:
        file.write('{"date": "2026')
    with pytest.raises(ValueError, match=r"history\.jsonl:2 must be a slice"):
        read_history(tmp_path)
