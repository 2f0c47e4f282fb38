"""Train, measure and publish the weights that ship with this package: one command, to be repeated.

``python -m offline.make_weights`` trains each network by its file in ``config/train``, measures
its best weights on 100 triplets that no training sees, and writes them, in half precision, with
their model card into the package. Stopped at any time, by ``--slice-minutes``, a signal or a
power cut, the same command goes on where it was; what is finished is not done again.

``--plan gpu`` trains whole networks on worlds that are rendered as they are needed. ``--plan cpu``
is for hours on a few cores: worlds are rendered once, and parts of a network are trained apart.

``SETTING=VALUE`` changes every run, as in ``precision=bf16-mixed steps=20000``.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from offline import evaluate, generate, publish
from offline.command import reported
from offline.publish import CARD, merged
from offline.synthetic.shards import Shards
from offline.training.checkpoint import CONFIG
from offline.training.config import read_config
from offline.training.loop import train
from scene_perception.checkpoints.weights import save_weights

# Worlds that no training sees: triplets for what one frame tells, a drive for the camera's way.
_TRIPLETS, _DRIVE = "900000-900099", "900100@192x640"
_CONFIGS, _NOTES, _PACKAGE = Path("config/train"), Path("docs/weights"), Path("scene_perception")


@dataclass(frozen=True)
class Worlds:
    """Worlds that a plan renders before it trains.

    Attributes:
        folder: of the shards, as the runs' files name it.
        mode: of the worlds.
        count: of the worlds, whose seeds begin with 0.
    """

    folder: Path
    mode: str
    count: int


@dataclass(frozen=True)
class Run:
    """A training run.

    Attributes:
        name: of its folder.
        config: its file, in ``config/train``.
        prefix: of the tensors that are taken from it; empty for all.
    """

    name: str
    config: str
    prefix: str = ""


@dataclass(frozen=True)
class Network:
    """A network whose weights ship.

    Attributes:
        model: its name.
        runs: that train it; the first one's weights are the base.
        of_triplets: tasks of ``offline.evaluate`` that its card tells, measured on triplets.
        of_drives: the same, measured on a drive.
    """

    model: str
    runs: tuple[Run, ...]
    of_triplets: tuple[str, ...]
    of_drives: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """How networks are trained on some hardware.

    Attributes:
        worlds: rendered at first.
        networks: trained after that.
    """

    worlds: tuple[Worlds, ...]
    networks: tuple[Network, ...]


_MONO_TASKS, _STEREO_TASKS = ("depth", "semantics", "flow", "motion"), ("scene_flow",)
# Runs on crops are measured on whole images of the worlds' size.
_INPUT = {"cpu": (192, 640)}
PLANS = {
    "gpu": Plan(
        (),
        (
            Network("omeganet", (Run("omeganet", "supervised.yaml"),), _MONO_TASKS, ("pose",)),
            Network("dwarf", (Run("dwarf", "supervised_dwarf.yaml"),), _STEREO_TASKS),
        ),
    ),
    "cpu": Plan(
        (
            Worlds(Path("results/shards/street"), "street", 640),
            Worlds(Path("results/shards/things"), "things", 256),
        ),
        (
            Network(
                "omeganet",
                (
                    Run("cpu/scene", "cpu/scene.yaml"),
                    Run("cpu/flow", "cpu/flow.yaml", "sd_ofnet"),
                    Run("cpu/camera", "cpu/camera.yaml", "camera_net"),
                ),
                _MONO_TASKS,
                ("pose",),
            ),
            Network("dwarf", (Run("cpu/dwarf", "cpu/dwarf.yaml"),), _STEREO_TASKS),
        ),
    ),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Go on with what is not finished; return 0, 2 where something is wrong."""
    options = _parse(arguments)
    return reported(lambda _: _make(options))


def _make(options: argparse.Namespace) -> int:
    end = time.monotonic() + 60 * options.slice_minutes
    plan = PLANS[options.plan]
    wanted = [network for network in plan.networks if _wanted(network, options)]
    for worlds in plan.worlds if wanted else ():
        status = _rendered(worlds)
        if status:
            return status
    for network in wanted:
        if not all(_trained(run, options, end) for run in network.runs):
            return 0
        status = _measured(network, options) or _published(network, options)
        if status:
            return status
    return 0


def _wanted(network: Network, options: argparse.Namespace) -> bool:
    if network.model not in options.models:
        return False
    card = options.output / network.model / CARD
    if card.exists() and not options.again:
        print(f"{card} is there: {network.model} is published; --again makes it anew")
        return False
    return True


def _rendered(worlds: Worlds) -> int:
    """Render what is missing of some worlds; return a status."""
    there = len(Shards(worlds.folder)) if any(worlds.folder.glob("*.npz")) else 0
    if there >= worlds.count:
        return 0
    rest = ["--first-seed", str(there), "--count", str(worlds.count - there)]
    output = ["--mode", worlds.mode, "--output", str(worlds.folder)]
    return generate.main(["--format", "shards", *rest, *output])


def _trained(run: Run, options: argparse.Namespace, end: float) -> bool:
    """Go on with a run until its end, or the end of the slice; return whether it is finished."""
    remaining = end - time.monotonic()
    if remaining <= 0:
        return False
    output = options.runs / run.name
    config = read_config(_CONFIGS / run.config, [*options.overrides, f"output={output}"])
    outcome = train(config, slice_s=remaining)
    print(f"{run.name}: step {outcome.step} of {config.steps}")
    return outcome.finished


def _measured(network: Network, options: argparse.Namespace) -> int:
    """Measure the best weights on worlds that were kept out; return a status."""
    whole = _evaluation(network, options) / "weights.safetensors"
    save_weights(whole, merged(network.model, _taken(network, options)), {"model": network.model})
    config = read_config(options.runs / network.runs[0].name / CONFIG)
    size = _INPUT.get(options.plan, (config.height, config.width))
    weights = ["--model", network.model, "--weights", str(whole)]
    weights += ["--height", str(size[0]), "--width", str(size[1])]
    output = ["--output", str(whole.parent)]
    for tasks, split in ((network.of_triplets, options.triplets), (network.of_drives, _DRIVE)):
        if not tasks:
            continue
        data = ["--dataset", "generated", "--split", split, "--limit", str(options.limit)]
        status = evaluate.main([*tasks, *weights, *data, *output])
        if status:
            return status
    return 0


def _published(network: Network, options: argparse.Namespace) -> int:
    folder = _evaluation(network, options)
    figures = [str(folder / f"{task}.json") for task in network.of_triplets + network.of_drives]
    base, *others = _taken(network, options).items()
    taken = [text for prefix, run in others for text in ("--take", f"{prefix}={run}")]
    notes = str(_NOTES / f"{network.model}.md")
    command = [network.model, str(base[1]), *taken, "--figures", *figures, "--notes", notes]
    return publish.main([*command, "--output", str(options.output / network.model)])


def _evaluation(network: Network, options: argparse.Namespace) -> Path:
    folder: Path = options.runs / "evaluation" / options.plan / network.model
    return folder


def _taken(network: Network, options: argparse.Namespace) -> dict[str, Path]:
    """Return the runs' folders by the prefix of what is taken from them."""
    return {run.prefix: options.runs / run.name for run in network.runs}


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m offline.make_weights",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = ["omeganet", "dwarf"]
    parser.add_argument("overrides", nargs="*", metavar="SETTING=VALUE", help="of every run")
    parser.add_argument("--plan", choices=tuple(PLANS), default="gpu", help="(gpu)")
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
