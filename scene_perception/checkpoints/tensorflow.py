"""TensorFlow checkpoints (Saver V2: ``.index`` and ``.data-*``) as plain arrays."""

from __future__ import annotations

import glob
import importlib
import os
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

_FILE_SUFFIX = re.compile(r"\.(index|meta|data-\d+-of-\d+)$")


def read_checkpoint(path: Path) -> dict[str, NDArray[Any]]:
    """Return every variable of a checkpoint by its name, in the order of their names.

    Args:
        path: the checkpoint's prefix, one of its files, or a folder that holds exactly one.

    Raises:
        FileNotFoundError: if there is no ``.index`` file, or a ``.data-*`` file is missing.
        ValueError: for a damaged or truncated file, or a folder with several checkpoints.
        RuntimeError: if TensorFlow is not installed.
    """
    prefix = checkpoint_files(path)[0].with_suffix("")
    tensorflow = _tensorflow()
    try:
        reader = tensorflow.train.load_checkpoint(str(prefix))
        names = sorted(reader.get_variable_to_shape_map())
        return {name: np.asarray(reader.get_tensor(name)) for name in names}
    except (tensorflow.errors.OpError, RuntimeError, ValueError, LookupError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueError(
            f"checkpoint {prefix} must be a whole TensorFlow Saver V2 checkpoint, which this "
            f"is not ({reason}); fetch its .index and .data-* files again"
        ) from error


def checkpoint_files(path: Path) -> list[Path]:
    """Return a checkpoint's ``.index`` file and after it its ``.data-*`` files, in order.

    Args:
        path: as for ``read_checkpoint``.

    Raises:
        FileNotFoundError: if there is no ``.index`` file or no ``.data-*`` file.
        ValueError: for a folder with several checkpoints.
    """
    prefix = _prefix(path)
    index = prefix.with_name(f"{prefix.name}.index")
    if not index.is_file():
        raise FileNotFoundError(f"checkpoint {prefix}: there is no file {index.name}")
    data = sorted(prefix.parent.glob(f"{glob.escape(prefix.name)}.data-*"))
    if not data:
        raise FileNotFoundError(f"checkpoint {prefix}: its .data-* file is missing")
    return [index, *data]


def to_torch(array: NDArray[np.float32]) -> Tensor:
    """Return a variable as a tensor, kernels HWIO turned into OIHW."""
    if array.ndim == 4:
        array = array.transpose(3, 2, 0, 1)
    return torch.from_numpy(np.array(array, np.float32, order="C"))


def _prefix(path: Path) -> Path:
    if path.is_dir():
        indices = sorted(path.glob("*.index"))
        if len(indices) > 1:
            names = ", ".join(index.name for index in indices)
            raise ValueError(f"{path} must hold one checkpoint, got {names}; name one of them")
        if not indices:
            raise FileNotFoundError(f"{path} holds no .index file of a TensorFlow checkpoint")
        path = indices[0]
    return path.with_name(_FILE_SUFFIX.sub("", path.name))


def _tensorflow() -> ModuleType:
    # Without these it greets with pages of advice on how to compute faster.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    try:
        return importlib.import_module("tensorflow")
    except ImportError as error:
        raise RuntimeError(
            "reading a TensorFlow checkpoint needs TensorFlow, which cannot be imported "
            f"({error}): pip install 'scene_perception[convert]'"
        ) from error
