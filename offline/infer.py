"""Run a network over a data set or over single images and write what it says.

``python -m offline.infer dwarf --data KITTI --weights dwarf.safetensors --output DIR`` runs
DWARF over a split of KITTI 2015 scene flow and writes ``disp_0``, ``disp_1`` and ``flow``, as the
development kit and the benchmark's server take them; ``--color`` adds pictures for people.
``--left A --right B --next-left C --next-right D`` instead of ``--data`` takes four images.

A file that is missing or damaged is named; it ends the run, or with ``--skip-missing`` only the
pair that it belongs to.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from offline import infer_dwarf
from offline.datasets.kitti_scene_flow import gaps
from offline.inference import Done, Model, run_jobs

MODELS: Mapping[str, Model] = {"dwarf": infer_dwarf.MODEL}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one model; return 0, or 2 where something cannot be read or written."""
    options = _parse(arguments)
    try:
        jobs = MODELS[options.model].jobs(options)[: options.limit]
        if options.random_weights:
            print("RANDOM WEIGHTS: the outputs are meaningless", file=sys.stderr)
        done = run_jobs(jobs, skip_missing=options.skip_missing)
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for line in report(done, options.output):
        print(line)
    return 0 if done.written else 2


def report(done: Done, output: Path) -> list[str]:
    """Return what was written and what was not, in words."""
    lines = [f"{len(done.written)} frames written to {output}"]
    if done.skipped:
        lines.append(f"{len(done.skipped)} skipped, as their inputs could not be read")
    missing = gaps(done.written)
    if missing:
        names = ", ".join(f"{number:06d}" for number in missing[:5])
        more = ", ..." if len(missing) > 5 else ""
        lines.append(f"KITTI's kit wants every number from 000000 on; there is no {names}{more}")
    return lines


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m offline.infer",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    models = parser.add_subparsers(dest="model", required=True, metavar="MODEL")
    for name, model in MODELS.items():
        own = models.add_parser(name, help=model.description, description=model.description)
        _add_common(own)
        model.add_arguments(own)
    options = parser.parse_args(arguments)
    if options.limit is not None and options.limit < 1:
        parser.error(f"--limit must be at least 1, got {options.limit}")
    if bool(options.weights) == options.random_weights:
        parser.error("give either --weights W.safetensors or --random-weights")
    return options


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--output", type=Path, required=True, help="folder to write to")
    parser.add_argument("--weights", default="", help="weights (.safetensors)")
    parser.add_argument(
        "--random-weights", action="store_true", help="see it run; outputs are meaningless"
    )
    parser.add_argument("--limit", type=int, help="frames at most")
    parser.add_argument("--skip-missing", action="store_true", help="pass over what cannot be read")
    parser.add_argument("--color", action="store_true", help="also write pictures under color/")
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))


if __name__ == "__main__":
    sys.exit(main())
