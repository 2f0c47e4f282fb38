import hashlib
from pathlib import Path

import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import nn

from scene_perception.checkpoints.weights import (
    Uninitialised,
    fill,
    first_difference,
    load_weights,
    model_in,
    save_shards,
    save_weights,
    sha256_of,
)

STATE = {"a": torch.arange(6.0).view(2, 3), "b": torch.ones(1)}


def test_weights_and_metadata_read_back(tmp_path):
    path = tmp_path / "new" / "w.safetensors"
    save_weights(path, STATE, {"model": "dsnet", "source": "x"})
    state, metadata = load_weights(path)
    assert torch.equal(state["a"], STATE["a"])
    assert (metadata["model"], metadata["source"]) == ("dsnet", "x")
    assert [file.name for file in path.parent.iterdir()] == ["w.safetensors"]


def test_a_file_says_which_model_it_holds(tmp_path):
    path = tmp_path / "w.safetensors"
    save_weights(path, STATE, {"model": "dsnet"})
    assert model_in(path) == "dsnet"
    with pytest.raises(FileNotFoundError, match=r"x\.safetensors do not exist"):
        model_in(tmp_path / "x.safetensors")


def test_transposed_tensor_is_saved_as_it_looks(tmp_path):
    path = tmp_path / "w.safetensors"
    save_weights(path, {"a": STATE["a"].T}, {"model": "dsnet"})
    assert torch.equal(load_weights(path)[0]["a"], STATE["a"].T)


def test_weights_without_a_model_are_not_saved(tmp_path):
    with pytest.raises(ValueError, match="must name the model"):
        save_weights(tmp_path / "w.safetensors", STATE, {})


def test_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"w\.safetensors do not exist"):
        load_weights(tmp_path / "w.safetensors")


@pytest.mark.parametrize("content", [b"", b"no weights at all, just text"])
def test_file_of_another_kind_is_refused_with_a_remedy(tmp_path, content):
    path = tmp_path / "w.safetensors"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"w\.safetensors must be a whole .*offline\.convert"):
        load_weights(path)


def test_truncated_file_is_refused(tmp_path):
    path = tmp_path / "w.safetensors"
    save_weights(path, STATE, {"model": "dsnet"})
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(ValueError, match="must be a whole"):
        load_weights(path)


def test_weights_of_nobody_knows_what_are_refused(tmp_path):
    path = tmp_path / "w.safetensors"
    save_file(STATE, path)
    with pytest.raises(ValueError, match="do not say which model"):
        load_weights(path)


def test_weights_of_another_format_are_refused(tmp_path):
    path = tmp_path / "w.safetensors"
    save_file(STATE, path, {"model": "dsnet", "format": "scene_perception 9"})
    with pytest.raises(ValueError, match="must have the format 'scene_perception 1', got"):
        load_weights(path)


def test_failed_write_leaves_the_old_weights(tmp_path, monkeypatch):
    path = tmp_path / "w.safetensors"
    save_weights(path, STATE, {"model": "dsnet"})

    def full(tensors, filename, metadata):
        filename.write_bytes(b"half")
        raise SafetensorError("no space left")

    monkeypatch.setattr("scene_perception.checkpoints.weights.save_file", full)
    with pytest.raises(OSError, match=r"w\.safetensors cannot be written: no space left"):
        save_weights(path, {"a": torch.ones(1)}, {"model": "dsnet"})
    assert [file.name for file in tmp_path.iterdir()] == ["w.safetensors"]
    assert torch.equal(load_weights(path)[0]["a"], STATE["a"])


def test_fill_names_file_and_tensor_that_does_not_fit(tmp_path):
    state = {"weight": torch.zeros(2, 2), "bias": torch.zeros(3)}
    with pytest.raises(ValueError, match=r"w do not fit Linear: bias must have shape \(2,\)"):
        fill(nn.Linear(2, 2), state, tmp_path / "w")


def test_difference_reports_unknown_names():
    assert first_difference({"a": (1,)}, {"a": (1,), "b": (2,)}) == "b is unknown"


def test_difference_names_the_first_few_and_counts_all():
    expected = dict.fromkeys("abcd", (1,))
    assert first_difference(expected, {}) == "4 are missing: a, b, c, ..."


def test_sha256_is_that_of_the_bytes(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"abc")
    assert sha256_of(path) == hashlib.sha256(b"abc").hexdigest()
    assert sha256_of(path, path) == hashlib.sha256(b"abcabc").hexdigest()


def test_shards_read_back_as_one(tmp_path):
    files = save_shards(tmp_path, STATE, {"model": "dsnet"}, limit_bytes=24)
    state, metadata = load_weights(tmp_path)
    assert [file.name for file in files] == ["1_of_2.safetensors", "2_of_2.safetensors"]
    assert all(torch.equal(state[name], STATE[name]) for name in STATE)
    assert model_in(tmp_path) == metadata["model"] == "dsnet"


def test_folder_that_lacks_a_shard_is_refused(tmp_path):
    files = save_shards(tmp_path, STATE, {"model": "dsnet"}, limit_bytes=24)
    files[1].unlink()
    with pytest.raises(ValueError, match="must hold 2 files, got 1"):
        load_weights(tmp_path)


def test_shards_of_two_networks_are_refused(tmp_path):
    save_shards(tmp_path, STATE, {"model": "dsnet"}, limit_bytes=24)
    save_weights(tmp_path / "2_of_2.safetensors", STATE, {"model": "dwarf", "shards": "2"})
    with pytest.raises(ValueError, match="it differs in model"):
        load_weights(tmp_path)


def test_half_precision_is_read_as_float32(tmp_path):
    save_weights(tmp_path / "w.safetensors", {"a": STATE["a"].half()}, {"model": "dsnet"})
    state, _ = load_weights(tmp_path / "w.safetensors")
    assert state["a"].dtype == torch.float32
    assert torch.equal(state["a"], STATE["a"])


def test_uninitialised_modules_draw_no_random_numbers_and_are_filled():
    before = torch.get_rng_state()
    with Uninitialised():
        made = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 2))
    assert torch.equal(torch.get_rng_state(), before)
    source = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 2))
    fill(made, source.state_dict(), Path("w.safetensors"))
    assert all(torch.equal(t, source.state_dict()[name]) for name, t in made.state_dict().items())
