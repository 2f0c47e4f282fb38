"""Rendered samples on disk: some in each ``.npz`` file, read one at a time by their number.

Everything is kept exactly: images as 8-bit integers, masks as bits, small numbers of things as
16-bit integers, the rest as it is. Each file stands alone, so folders are joined by moving files.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import accumulate, islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from offline.whole_files import require_writable, write_whole

PER_FILE = 32
_LEVEL = 1  # of compression: more takes several times as long for a twentieth less
IMAGES = ("previous", "current", "next", "right", "next_right")
_NAMES, _SUFFIX = "names", ".npz"
_BITS = ".bits"  # ends the name of a mask that is kept as bits

Sample = Mapping[str, Tensor]


def write_shards(
    samples: Iterable[tuple[str, Sample]], folder: Path, *, per_file: int = PER_FILE
) -> Iterator[Path]:
    """Write samples, and yield each file as soon as it is whole.

    Files are called ``shard_000000.npz`` and so on, after those that are there already.

    Args:
        samples: names, and tensors by the names of ``training.batch``, without B.
        folder: is made where it is not there.
        per_file: samples in a file.

    Raises:
        OSError: naming what cannot be written.
        ValueError: for images that are not multiples of 1/255, or less than one sample a file.
    """
    if per_file < 1:
        raise ValueError(f"samples in a shard must be at least 1, got {per_file}")
    require_writable(folder)
    number, rest = len(_files(folder)), iter(samples)
    while some := list(islice(rest, per_file)):
        path = folder / f"shard_{number:06d}{_SUFFIX}"
        write_whole({path: _packed(some)})
        yield path
        number += 1


class Shards:
    """A folder's samples, each read when asked for; safe to use from several processes."""

    def __init__(self, folder: Path) -> None:
        """List what is there.

        Raises:
            ValueError: for a folder without shards, or naming a damaged one.
        """
        self._files = _files(folder)
        if not self._files:
            raise ValueError(
                f"folder of shards must hold shard_000000{_SUFFIX} ..., {folder} has none; "
                "python -m offline.generate --format shards writes them"
            )
        self._names = [_read(path, _NAMES).tolist() for path in self._files]
        self._ends = list(accumulate(len(names) for names in self._names))

    def __len__(self) -> int:
        return self._ends[-1]

    def name(self, index: int) -> str:
        """Return what a sample is called.

        Raises:
            ValueError: for an index that there is not.
        """
        file, place = self._find(index)
        return str(self._names[file][place])

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        """Return a sample's tensors, as they were written.

        Raises:
            ValueError: for an index that there is not, or naming a damaged file.
        """
        return self.read(index)

    def read(self, index: int, names: Collection[str] | None = None) -> dict[str, Tensor]:
        """Return those of a sample's tensors that have ``names``; all without them.

        Raises:
            ValueError: for an index that there is not, or naming a damaged file.
        """
        file, place = self._find(index)
        return _unpacked(self._files[file], f"{place}/", names)

    def _find(self, index: int) -> tuple[int, int]:
        if not 0 <= index < len(self):
            raise ValueError(f"index of a sample must be 0 ... {len(self) - 1}, got {index}")
        file = bisect_right(self._ends, index)
        return file, index - (self._ends[file - 1] if file else 0)


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"shard_*{_SUFFIX}"))


def _packed(samples: list[tuple[str, Sample]]) -> bytes:
    arrays = {_NAMES: np.array([name for name, _ in samples])}
    for place, (_, tensors) in enumerate(samples):
        for name, value in tensors.items():
            kept, array = _kept(name, value.detach().cpu().numpy())
            arrays[f"{place}/{kept}"] = array
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as file:
        for name, array in arrays.items():
            with file.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asarray(array, order="C"), allow_pickle=False)
    return data.getvalue()


def _kept(name: str, value: NDArray[Any]) -> tuple[str, NDArray[Any]]:
    if name in IMAGES:
        pixels = np.round(value * 255).astype(np.uint8)
        if not np.array_equal(_pixels(pixels), value):
            raise ValueError(f"image {name!r} of a shard must be in steps of 1/255, as a sensor's")
        return name, pixels
    if value.dtype == np.bool_:
        shape = np.array(value.shape, np.int32).view(np.uint8)
        return name + _BITS, np.concatenate([[value.ndim], shape, np.packbits(value)]).astype(
            np.uint8
        )
    if value.dtype == np.int32 and value.min() >= 0 and value.max() < 2**16:
        return name, value.astype(np.uint16)
    return name, value


def _unpacked(path: Path, prefix: str, names: Collection[str] | None) -> dict[str, Tensor]:
    found: dict[str, Tensor] = {}
    with _opened(path) as file:
        for member in file.files:
            kept = member.removeprefix(prefix)
            name = kept.removesuffix(_BITS)
            if member.startswith(prefix) and (names is None or name in names):
                found[name] = torch.from_numpy(_value(kept, file[member]))
    return found


def _value(name: str, kept: NDArray[Any]) -> NDArray[Any]:
    if name in IMAGES:
        return _pixels(kept)
    if name.endswith(_BITS):
        axes = int(kept[0])
        shape = kept[1 : 1 + 4 * axes].copy().view(np.int32)
        bits = np.unpackbits(kept[1 + 4 * axes :], count=int(shape.prod()))
        return bits.astype(np.bool_).reshape(shape)
    return kept.astype(np.int32) if kept.dtype == np.uint16 else kept


def _pixels(kept: NDArray[np.uint8]) -> NDArray[np.float32]:
    result: NDArray[np.float32] = kept.astype(np.float32) / np.float32(255)
    return result


def _read(path: Path, member: str) -> NDArray[Any]:
    with _opened(path) as file:
        return np.asarray(file[member])


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """Open an ``.npz`` file; damage is told with its name."""
    try:
        with np.load(path) as file:
            yield file
    except (OSError, ValueError, KeyError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} cannot be read as a shard: {error}") from error
