"""Train, measure and publish the weights that ship with this package: one command, as often as needed.

``python -m offline.make_weights`` trains each network by its file in ``config/train``, measures
its best weights on 100 triplets that no training sees, and writes them, in half precision, with
their model card into the package. Stopped at any time, by ``--slice-minutes``, a signal or a
power cut, the same command goes on where it was; what is finished is not done again.

``SETTING=VALUE`` changes every run, as in ``precision=bf16-mixed steps=20000``.
"""  # noqa: E501

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from offline import evaluate, publish
from offline.command import reported
from offline.publish import CARD, weights_of
from offline.training.checkpoint import CONFIG
from offline.training.config import read_config
from offline.training.loop import train

# Worlds that no training sees: triplets for what one frame tells, a drive for the camera's way.
_TRIPLETS, _DRIVE = "900000-900099", "900100"
_CONFIGS, _NOTES, _PACKAGE = Path("config/train"), Path("docs/weights"), Path("scene_perception")


@dataclass(frozen=True)
class Network:
    """A network whose weights ship.

    Attributes:
        model: its name.
        config: file of its run, in ``config/train``.
        of_triplets: tasks of ``offline.evaluate`` that its card tells, measured on triplets.
        of_drives: the same, measured on a drive.
    """

    model: str
    config: str
    of_triplets: tuple[str, ...]
    of_drives: tuple[str, ...] = ()


NETWORKS = (
    Network("omeganet", "supervised.yaml", ("depth", "semantics", "flow", "motion"), ("pose",)),
    Network("dwarf", "supervised_dwarf.yaml", ("scene_flow",)),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Go on with what is not finished; return 0, 2 where something is wrong."""
    options = _parse(arguments)
    return reported(lambda _: _make(options))


def _make(options: argparse.Namespace) -> int:
    end = time.monotonic() + 60 * options.slice_minutes
    for network in NETWORKS:
        if network.model not in options.models:
            continue
        run = options.runs / network.model
        card = options.output / network.model / CARD
        if card.exists() and not options.again:
            print(f"{card} is there: {network.model} is published; --again makes it anew")
            continue
        if not _trained(network, run, options.overrides, end):
            return 0
        status = _measured(network, run, options) or _published(network, run, card.parent)
        if status:
            return status
    return 0


def _trained(network: Network, run: Path, overrides: Sequence[str], end: float) -> bool:
    """Go on with a run until its end, or the end of the slice; return whether it is finished."""
    remaining = end - time.monotonic()
    if remaining <= 0:
        return False
    config = read_config(_CONFIGS / network.config, [*overrides, f"output={run}"])
    outcome = train(config, slice_s=remaining)
    print(f"{network.model}: step {outcome.step} of {config.steps}")
    return outcome.finished


def _measured(network: Network, run: Path, options: argparse.Namespace) -> int:
    """Measure the best weights on worlds that were kept out, at their size; return a status."""
    config = read_config(run / CONFIG)
    size = ["--height", str(config.height), "--width", str(config.width)]
    weights = ["--model", network.model, "--weights", str(weights_of(run)), *size]
    output = ["--output", str(run / "evaluation")]
    for tasks, split in ((network.of_triplets, options.triplets), (network.of_drives, _DRIVE)):
        if not tasks:
            continue
        data = ["--dataset", "generated", "--split", split, "--limit", str(options.limit)]
        status = evaluate.main([*tasks, *weights, *data, *output])
        if status:
            return status
    return 0


def _published(network: Network, run: Path, folder: Path) -> int:
    figures = [
        str(run / "evaluation" / f"{task}.json") for task in network.of_triplets + network.of_drives
    ]
    notes = str(_NOTES / f"{network.model}.md")
    command = [network.model, str(run), "--figures", *figures, "--notes", notes]
    return publish.main([*command, "--output", str(folder)])


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m offline.make_weights",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = [network.model for network in NETWORKS]
    parser.add_argument("overrides", nargs="*", metavar="SETTING=VALUE", help="of every run")
    parser.add_argument("--models", nargs="+", choices=names, default=names)
    parser.add_argument(
        "--slice-minutes", type=float, default=float("inf"), metavar="M",
        help="stop cleanly after M minutes of training",
    )  # fmt: skip
    parser.add_argument("--runs", type=Path, default=Path("results/weights"), help="their folder")
    parser.add_argument("--output", type=Path, default=_PACKAGE / "weights", help="of the weights")
    parser.add_argument("--triplets", default=_TRIPLETS, help=f"that measure ({_TRIPLETS})")
    parser.add_argument("--limit", type=int, default=100, help="samples that measure (100)")
    parser.add_argument("--again", action="store_true", help="also what is published already")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
