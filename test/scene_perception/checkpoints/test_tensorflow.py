import importlib.util
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch

from offline.golden.stand_ins import golden_weight
from scene_perception.checkpoints.tensorflow import (
    checkpoint_files,
    read_checkpoint,
    to_torch,
)

needs_tensorflow = pytest.mark.skipif(
    importlib.util.find_spec("tensorflow") is None,
    reason="needs TensorFlow: pip install '.[convert]'",
)


@pytest.fixture
def copy(tiny_checkpoint, tmp_path):
    return shutil.copytree(tiny_checkpoint, tmp_path / "checkpoint")


@needs_tensorflow
@pytest.mark.parametrize(
    "name", ["", "omeganet", "omeganet.index", "omeganet.data-00000-of-00001", "omeganet.meta"]
)
def test_real_checkpoint_is_read_by_folder_prefix_or_file(tiny_checkpoint, shapes, name):
    variables = read_checkpoint(tiny_checkpoint / name)
    assert len(variables) == 74
    for variable, array in variables.items():
        expected = golden_weight(variable, shapes[variable], "HWIO")
        np.testing.assert_array_equal(array, expected)


@needs_tensorflow
def test_truncated_data_is_refused(copy):
    data = copy / "omeganet.data-00000-of-00001"
    data.write_bytes(data.read_bytes()[:1000])
    with pytest.raises(ValueError, match="must be a whole TensorFlow Saver V2 checkpoint"):
        read_checkpoint(copy)


@needs_tensorflow
def test_flipped_bit_in_the_data_is_refused(copy):
    data = copy / "omeganet.data-00000-of-00001"
    content = bytearray(data.read_bytes())
    content[5000] ^= 1
    data.write_bytes(content)
    with pytest.raises(ValueError, match="Checksum does not match"):
        read_checkpoint(copy)


@needs_tensorflow
def test_importing_tensorflow_prints_nothing(tiny_checkpoint):
    code = (
        "import sys; from pathlib import Path\n"
        "from scene_perception.checkpoints.tensorflow import read_checkpoint\n"
        "print(len(read_checkpoint(Path(sys.argv[1]))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, tiny_checkpoint], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("74\n", "")


@needs_tensorflow
def test_index_of_another_kind_is_refused(copy):
    (copy / "omeganet.index").write_text("not an index")
    with pytest.raises(ValueError, match="must be a whole TensorFlow Saver V2 checkpoint"):
        read_checkpoint(copy)


def test_missing_index_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no file model\.index"):
        read_checkpoint(tmp_path / "model")


def test_missing_data_is_named(copy):
    (copy / "omeganet.data-00000-of-00001").unlink()
    with pytest.raises(FileNotFoundError, match=r"its \.data-\* file is missing"):
        read_checkpoint(copy)


def test_files_are_the_index_and_the_data_after_it(tiny_checkpoint):
    names = [file.name for file in checkpoint_files(tiny_checkpoint)]
    assert names == ["omeganet.index", "omeganet.data-00000-of-00001"]


def test_step_in_a_prefix_is_no_suffix(tmp_path):
    for name in ("model.ckpt-1000.index", "model.ckpt-1000.data-00000-of-00001"):
        (tmp_path / name).touch()
    assert len(checkpoint_files(tmp_path / "model.ckpt-1000")) == 2


def test_folder_without_checkpoint_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"holds no \.index file"):
        read_checkpoint(tmp_path)


def test_folder_with_two_checkpoints_asks_which(copy):
    shutil.copy(copy / "omeganet.index", copy / "other.index")
    with pytest.raises(ValueError, match=r"got omeganet\.index, other\.index"):
        read_checkpoint(copy)


def test_absent_tensorflow_is_explained(tiny_checkpoint, monkeypatch):
    def refuse(name, *arguments):
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr("importlib.import_module", refuse)
    with pytest.raises(RuntimeError, match=r"pip install 'scene_perception\[convert\]'"):
        read_checkpoint(tiny_checkpoint)


def test_kernel_is_transposed_and_vector_is_not():
    kernel = np.arange(24, dtype=np.float32).reshape(1, 2, 3, 4)
    assert to_torch(kernel).shape == (4, 3, 1, 2)
    assert torch.equal(to_torch(np.ones(3, np.float32)), torch.ones(3))
