"""Convert a published checkpoint into weights that our engines load.

``python -m offline.convert omeganet CHECKPOINT OUT.safetensors`` reads the TensorFlow 1
checkpoint of OmegaNet, or the CS and CS+K ones of DSNet; ``dwarf`` reads DWARF's. CHECKPOINT
is the prefix that the ``.index`` and ``.data-*`` files share, one of these files, or the folder
that holds them. Every variable must be known and every published one present, or nothing is
written; what training leaves beside them is passed over. The output remembers the checkpoint's
name and the SHA-256 of its index and data files in a row.
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

from scene_perception.checkpoints import dwarf, omeganet
from scene_perception.checkpoints.tensorflow import checkpoint_files, read_checkpoint
from scene_perception.checkpoints.weights import save_weights, sha256_of

Variables = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Converter:
    """How one published network is converted.

    Attributes:
        convert: published variables to our state dictionary.
        model_of: name of the model that they make.
    """

    convert: Callable[[Variables], dict[str, Tensor]]
    model_of: Callable[[Variables], str]

    def __call__(self, checkpoint: Path, output: Path) -> str:
        """Convert a checkpoint and return what was done, in words.

        Raises:
            FileNotFoundError: if a file of the checkpoint is missing.
            ValueError: for a damaged checkpoint, or naming a variable that does not fit.
            RuntimeError: if TensorFlow is not installed.
        """
        variables = read_checkpoint(checkpoint)
        state = self.convert(variables)
        model = self.model_of(variables)
        files = checkpoint_files(checkpoint)
        source = {"source": files[0].stem, "source_sha256": sha256_of(*files)}
        save_weights(output, state, {"model": model, **source})
        return f"{model}: {len(variables)} variables read, {len(state)} tensors written"


CONVERTERS = {
    "omeganet": Converter(omeganet.convert, omeganet.model_of),
    "dwarf": Converter(dwarf.convert, lambda _: "dwarf"),
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
        done = CONVERTERS[options.model](options.checkpoint, options.output)
    except (OSError, ValueError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(done)
    print(f"{options.output}: sha256 {sha256_of(options.output)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
