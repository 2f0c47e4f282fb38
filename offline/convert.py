"""Convert a published checkpoint into weights that our engines load.

``python -m offline.convert omeganet CHECKPOINT OUT.safetensors`` reads the TensorFlow 1
checkpoint of OmegaNet, or the CS and CS+K ones of DSNet; ``dwarf`` reads DWARF's. CHECKPOINT
is the prefix that the ``.index`` and ``.data-*`` files share, one of these files, or the folder
that holds them.

``sgdepth`` reads SGDepth's PyTorch file, ``model.pth``. ``insta_dm`` reads those of Insta-DM:
CHECKPOINT is the folder that holds them, or the depth network's (``dispnet*.pth.tar``, or
``resnet18_disp_*.tar`` as released); files of the pose networks with the same name but for that
word come along.

Every variable must be known and every published one present, or nothing is written; what
training leaves beside them is passed over. The output remembers the checkpoint's name and the
SHA-256 of its files in a row.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from torch import Tensor

from scene_perception.checkpoints import dwarf, insta_dm, omeganet, sgdepth
from scene_perception.checkpoints.pytorch import read_state_dict
from scene_perception.checkpoints.tensorflow import checkpoint_files, read_checkpoint
from scene_perception.checkpoints.weights import save_weights, sha256_of

Variables = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Converted:
    """A published checkpoint as ours.

    Attributes:
        model: what it is a model of.
        state: our state dictionary.
        variables: how many the checkpoint holds.
        files: that it was read from.
        source: its name.
    """

    model: str
    state: dict[str, Tensor]
    variables: int
    files: Sequence[Path]
    source: str

    def save(self, output: Path) -> str:
        """Write the weights and return what was done, in words."""
        source = {"source": self.source, "source_sha256": sha256_of(*self.files)}
        save_weights(output, self.state, {"model": self.model, **source})
        return (
            f"{self.model}: {self.variables} variables read, {len(self.state)} tensors written, "
            f"from {', '.join(file.name for file in self.files)}"
        )


def _tensorflow(
    checkpoint: Path,
    convert: Callable[[Variables], dict[str, Tensor]],
    model_of: Callable[[Variables], str],
) -> Converted:
    variables = read_checkpoint(checkpoint)
    state = convert(variables)
    files = checkpoint_files(checkpoint)
    return Converted(model_of(variables), state, len(variables), files, files[0].stem)


def _omeganet(checkpoint: Path) -> Converted:
    return _tensorflow(checkpoint, omeganet.convert, omeganet.model_of)


def _dwarf(checkpoint: Path) -> Converted:
    return _tensorflow(checkpoint, dwarf.convert, lambda _: "dwarf")


def _sgdepth(checkpoint: Path) -> Converted:
    entries = read_state_dict(checkpoint)
    state = sgdepth.convert(entries)
    return Converted("sgdepth", state, len(entries), [checkpoint], checkpoint.name)


def _insta_dm(checkpoint: Path) -> Converted:
    files = insta_dm.checkpoint_files(checkpoint)
    networks = {network: read_state_dict(file) for network, file in files.items()}
    state = insta_dm.convert(networks)
    count = sum(len(entries) for entries in networks.values())
    return Converted("insta_dm", state, count, [*files.values()], files["dispnet"].name)


CONVERTERS: dict[str, Callable[[Path], Converted]] = {
    "omeganet": _omeganet,
    "dwarf": _dwarf,
    "sgdepth": _sgdepth,
    "insta_dm": _insta_dm,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Convert one checkpoint; return 0, or 2 where it cannot be converted."""
    parser = argparse.ArgumentParser(
        prog="python -m offline.convert",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("model", choices=CONVERTERS)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("output", type=Path)
    options = parser.parse_args(arguments)
    if options.output.suffix != ".safetensors":
        parser.error(f"the output must end in .safetensors, got {options.output}")
    try:
        done = CONVERTERS[options.model](options.checkpoint).save(options.output)
    except (OSError, ValueError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(done)
    print(f"{options.output}: sha256 {sha256_of(options.output)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
