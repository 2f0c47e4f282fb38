import argparse

import numpy as np
import pytest
import torch

from scene_perception.checkpoints.pytorch import names_of, read_state_dict, state_of

STATE = {"a.weight": torch.ones(2, 3), "a.num_batches_tracked": torch.tensor(7)}
NAMES = {"a.weight": "ours.weight", "a.num_batches_tracked": "ours.num_batches_tracked"}
SHAPES = {"a.weight": (2, 3), "a.num_batches_tracked": ()}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.pth"


def saved(path, content, **options):
    torch.save(content, path, **options)
    return path


@pytest.mark.parametrize("zipped", [True, False])
def test_bare_state_dictionary_is_read_as_torch_1_and_2_wrote_it(path, zipped):
    saved(path, STATE, _use_new_zipfile_serialization=zipped)
    assert torch.equal(read_state_dict(path)["a.weight"], STATE["a.weight"])


def test_what_stands_beside_a_state_dictionary_is_passed_over(path):
    saved(path, {"epoch": 3, "state_dict": STATE, "optimizer": {"state": {}, "lr": [1e-4]}})
    assert read_state_dict(path).keys() == STATE.keys()


def test_data_parallel_prefix_is_taken_off(path):
    saved(path, {"state_dict": {f"module.{name}": tensor for name, tensor in STATE.items()}})
    assert read_state_dict(path).keys() == STATE.keys()


def test_prefix_of_some_names_alone_is_part_of_them(path):
    saved(path, {"module.a": torch.ones(1), "b": torch.ones(1)})
    assert read_state_dict(path).keys() == {"module.a", "b"}


def test_pickle_that_could_run_code_is_refused_with_what_to_do(path):
    saved(path, {"state_dict": STATE, "args": argparse.Namespace(lr=1)})
    with pytest.raises(ValueError, match=r"model.pth must hold .* it holds argparse\.Namespace, .*"
                       "load it with PyTorch and save its state_dict alone"):  # fmt: skip
        read_state_dict(path)


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("kept", [0, 0.05, 0.3, 0.6, 0.99])
def test_truncated_file_is_refused_by_name(path, zipped, kept):
    saved(path, {"a": torch.randn(100, 100)}, _use_new_zipfile_serialization=zipped)
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content))])
    with pytest.raises(ValueError, match=r"checkpoint .*model.pth must"):
        read_state_dict(path)


@pytest.mark.parametrize("content", [b"hello world", b"PK\x03\x04", bytes(range(256))])
def test_file_of_another_kind_is_refused_by_name(path, content):
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"checkpoint .*model.pth must"):
        read_state_dict(path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ([1, 2], "must hold a state dictionary, got list"),
        ({}, "must hold a state dictionary, got 0 entries"),
        ({"state_dict": 3}, "must hold a state dictionary, got int"),
        ({"state": {0: {}}, "param_groups": []}, "'state' is 1 entries"),
        ({0: torch.ones(1)}, r"0 is float32\(1,\)"),
    ],
)
def test_file_without_a_state_dictionary_is_refused(path, content, reason):
    saved(path, content)
    with pytest.raises(ValueError, match=reason):
        read_state_dict(path)


def test_missing_file_and_folder_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none.pth does not exist"):
        read_state_dict(tmp_path / "none.pth")
    with pytest.raises(FileNotFoundError, match="is a folder, name the file in it"):
        read_state_dict(tmp_path)


@pytest.mark.parametrize("name", ["", "model-1", "model-1.index", "model-1.data-00000-of-00001"])
def test_checkpoint_of_tensorflow_is_refused_as_such(tmp_path, name):
    (tmp_path / "model-1.index").touch()
    (tmp_path / "model-1.data-00000-of-00001").touch()
    with pytest.raises(ValueError, match="must be of PyTorch, this is one of TensorFlow"):
        read_state_dict(tmp_path / name)


def test_names_change_with_the_module_that_holds_them():
    ours = ["x.conv.weight", "x.conv.bias", "x.conv2.weight"]
    assert names_of([("a.b", "x.conv")], ours) == {
        "a.b.weight": "x.conv.weight",
        "a.b.bias": "x.conv.bias",
    }


def test_entries_become_ours_in_single_precision_and_counters_integers():
    entries = {"a.weight": torch.ones(2, 3).half(), "a.num_batches_tracked": torch.tensor(7.0)}
    state = state_of(entries, NAMES, SHAPES, "SGDepth")
    assert state["ours.weight"].dtype == torch.float32
    assert state["ours.num_batches_tracked"].dtype == torch.int64
    assert state["ours.num_batches_tracked"] == 7


def test_unused_entry_must_be_there_and_is_left_out():
    names = {**NAMES, "fc.bias": None}
    shapes = {**SHAPES, "fc.bias": (4,)}
    state = state_of({**STATE, "fc.bias": torch.ones(4)}, names, shapes, "SGDepth")
    assert state.keys() == set(NAMES.values())
    with pytest.raises(ValueError, match=r"a whole SGDepth: fc\.bias is missing"):
        state_of(STATE, names, shapes, "SGDepth")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"b": torch.ones(1)}, "b is unknown"),
        ({"a.weight": torch.ones(3, 2)}, r"a\.weight must have shape \(2, 3\), got \(3, 2\)"),
        ({"a.weight": torch.full((2, 3), np.inf)}, "a.weight must be finite, 6 of its elements"),
        ({"a.weight": torch.ones(2, 3) + 1j}, "must be a dense real tensor, got complex64"),
    ],
)
def test_entry_that_does_not_fit_is_named(change, reason):
    with pytest.raises(ValueError, match=reason):
        state_of({**STATE, **change}, NAMES, SHAPES, "SGDepth")


def test_entries_of_another_network_are_refused_by_its_name():
    entries = {"decoder.upconvs0.0.conv.conv.bias": torch.ones(1)}
    with pytest.raises(ValueError, match="those of SGDepth, got those of Insta-DM's dispnet"):
        state_of(entries, NAMES, SHAPES, "SGDepth")
