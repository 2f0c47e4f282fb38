"""Make the weights that ship with the package out of training runs, with their model card.

``python -m offline.publish omeganet results/train/omeganet --figures results/evaluation/*.json
--notes notes.md --output scene_perception/weights/omeganet`` takes a run's best weights (its last
ones where nothing was validated), keeps them in half precision in files small enough for a
repository, and writes what the run and the reports say of them.

Where parts were trained in runs of their own, ``--take dsnet=RUN`` takes the tensors whose names
begin so from that run instead.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from torch import Tensor

from offline.command import reported
from offline.model_card import TrainedPart, model_card, read_measured
from offline.training.checkpoint import BEST, CONFIG, LAST
from offline.training.config import TrainConfig, read_config
from offline.training.history import read_history
from offline.whole_files import require_writable, write_whole
from scene_perception.checkpoints.shards import SUFFIX, halved
from scene_perception.checkpoints.weights import load_weights, save_shards

CARD = "model_card.md"
_LIMIT_BYTES = 14 << 20  # of a file; a repository should hold none above 15 MB


def main(arguments: Sequence[str] | None = None) -> int:
    """Publish weights; return 0, or 2 where something is wrong."""
    options = _parse(arguments)
    return reported(lambda _: _publish(options))


def _publish(options: argparse.Namespace) -> int:
    runs = {"": options.run, **dict(options.take)}
    state = merged(options.model, runs)
    measured = [read_measured(path) for path in options.figures]
    parts = [_part(prefix, run) for prefix, run in runs.items()]
    card = model_card(options.model, parts, measured, options.notes.read_text())
    folder: Path = options.output
    require_writable(folder)
    for old in folder.glob(f"*{SUFFIX}"):
        old.unlink()
    files = save_shards(folder, halved(state), {"model": options.model}, _LIMIT_BYTES)
    write_whole({folder / CARD: card.encode()})
    total = sum(file.stat().st_size for file in files)
    print(f"{folder}: {len(files)} files, {total / 1e6:.1f} MB, and {CARD}")
    return 0


def merged(model: str, runs: Mapping[str, Path]) -> dict[str, Tensor]:
    """Return the weights of all runs, by the prefix of the tensors that are taken from each.

    Raises:
        FileNotFoundError: for a folder that is no run.
        ValueError: for weights of another model, or without such tensors.
    """
    state: dict[str, Tensor] = {}
    for prefix, run in runs.items():
        path = weights_of(run)
        found, metadata = load_weights(path)
        if metadata["model"] != model:
            raise ValueError(f"{path} must hold {model}, it holds {metadata['model']}")
        own = {name: tensor for name, tensor in found.items() if name.startswith(prefix)}
        if not own:
            raise ValueError(f"{path} must have tensors called {prefix}..., it has none")
        unknown = own.keys() - state.keys() if state else set()
        if unknown:
            raise ValueError(f"{path} has {min(unknown)}, which {runs['']} has not")
        state |= own
    return state


def weights_of(run: Path) -> Path:
    """Return a run's best weights, its last ones where nothing was validated.

    Raises:
        FileNotFoundError: if it has neither.
    """
    for name in (BEST, LAST):
        if (run / name).is_file():
            return run / name
    raise FileNotFoundError(f"{run} must be a run of offline.train, it has no {BEST} nor {LAST}")


def _part(prefix: str, run: Path) -> TrainedPart:
    config = read_config(run / CONFIG)
    return TrainedPart(
        prefix=prefix,
        recipe=config.recipe,
        data="; ".join(_data(config)),
        command=shlex.join(["python", "-m", "offline.train", "--config", f"{run.name}.yaml"]),
        size=(config.height, config.width),
        steps=config.steps,
        batch_size=config.batch_size,
        slices=read_history(run),
    )


def _data(config: TrainConfig) -> list[str]:
    """Say each source in words, without the folders of the machine that it was read on."""
    told = []
    for data in config.data:
        about = vars(data)
        words = [str(about[name]) for name in ("dataset", "seeds", "split") if about.get(name)]
        if data.source == "shards":
            words.append(Path(about["folder"]).name)
        told.append(" ".join([data.source, *words]))
    return told


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m offline.publish",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("model", choices=("omeganet", "dwarf"))
    parser.add_argument("run", type=Path, help="folder of offline.train")
    parser.add_argument(
        "--take", type=_taken, action="append", default=[], metavar="PREFIX=RUN",
        help="tensors that begin with PREFIX come from another run",
    )  # fmt: skip
    parser.add_argument("--figures", type=Path, nargs="*", default=[], help="of offline.evaluate")
    parser.add_argument("--notes", type=Path, required=True, help="failures, use, licence (.md)")
    parser.add_argument("--output", type=Path, required=True, help="folder of the weights")
    return parser.parse_args(arguments)


def _taken(text: str) -> tuple[str, Path]:
    prefix, _, run = text.partition("=")
    if not prefix or not run:
        raise argparse.ArgumentTypeError(f"must be PREFIX=RUN, got {text!r}")
    return prefix, Path(run)


if __name__ == "__main__":
    sys.exit(main())
