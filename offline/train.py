"""Train a network by a recipe, on one GPU, several, or the CPU.

``python -m offline.train --config config/train/supervised.yaml`` trains until the steps of the
file are made. Interrupted, or stopped by ``--slice-minutes``, the same command goes on where it
was. ``SETTING=VALUE`` takes the place of one of the file's, as in ``optimizer.learning_rate=1e-4``.

``--print-config RECIPE`` writes a file with every setting, to be changed.

``torchrun --nproc_per_node=2 -m offline.train ...`` shares each batch between processes.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path

from offline.command import reported
from offline.sharding import Shard
from offline.training.config import TrainConfig, config_text, default_config, read_config
from offline.training.loop import Outcome, train
from offline.training.registry import RECIPES


def main(arguments: Sequence[str] | None = None) -> int:
    """Train; return 0, 2 where something is wrong, 130 after Ctrl-C twice."""
    options = _parse(arguments)
    return reported(lambda share: _run(options, share))


def _run(options: argparse.Namespace, share: Shard) -> int:
    if options.print_config:
        print(config_text(default_config(options.print_config)), end="")
        return 0
    config = read_config(options.config, options.overrides)
    if options.output is not None:
        config = dataclasses.replace(config, output=str(options.output))
    minutes = options.slice_minutes
    outcome = train(config, slice_s=None if minutes is None else 60 * minutes)
    if share.is_first:
        print(_told(outcome, config))
    return 0


def _told(outcome: Outcome, config: TrainConfig) -> str:
    figures = "".join(f"\n  {name}: {value:.4g}" for name, value in outcome.figures.items())
    if outcome.finished:
        return f"finished after {outcome.step} steps: weights are in {outcome.folder}{figures}"
    return (
        f"stopped after step {outcome.step} of {config.steps}, its state is in {outcome.folder}: "
        f"the same command goes on{figures}"
    )


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m offline.train",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("overrides", nargs="*", metavar="SETTING=VALUE", help="instead of a file's")
    chosen = parser.add_mutually_exclusive_group(required=True)
    chosen.add_argument("--config", type=Path, help="YAML file of the run")
    chosen.add_argument(
        "--print-config", choices=tuple(RECIPES), metavar="RECIPE", help="write its defaults"
    )
    parser.add_argument("--output", type=Path, help="folder, instead of the file's")
    parser.add_argument(
        "--slice-minutes", type=_minutes, metavar="M", help="stop cleanly after M minutes"
    )
    return parser.parse_args(arguments)


def _minutes(text: str) -> float:
    try:
        minutes = float(text)
    except ValueError:
        minutes = 0.0
    if not 0 < minutes < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a number of minutes above 0, got {text}")
    return minutes


if __name__ == "__main__":
    sys.exit(main())
