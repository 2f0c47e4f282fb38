import pytest
import torch

from scene_perception.checkpoints.shards import files_of, halved, split

STATE = {"a": torch.arange(6.0), "b": torch.ones(1), "c": torch.ones(4)}


def test_pieces_keep_the_order_and_stay_below_the_limit():
    assert [list(piece) for piece in split(STATE, 28)] == [["a", "b"], ["c"]]


def test_tensor_above_the_limit_is_named():
    with pytest.raises(ValueError, match="a must be at most 20 bytes, it has 24"):
        split(STATE, 20)


def test_halves_take_half_the_bytes_and_counters_stay():
    halves = halved({"a": STATE["a"], "n": torch.tensor(3)})
    assert halves["a"].dtype == torch.float16
    assert halves["n"].dtype == torch.int64


def test_value_beyond_half_precision_is_named():
    with pytest.raises(ValueError, match=r"w must be finite .* 70000"):
        halved({"w": torch.tensor([1.0, 7e4])})


def test_file_stands_for_itself_and_folder_for_its_files(tmp_path):
    file = tmp_path / "w.safetensors"
    file.write_bytes(b"")
    assert files_of(file) == files_of(tmp_path) == (file,)


def test_folder_without_weights_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"must hold \.safetensors files"):
        files_of(tmp_path)
