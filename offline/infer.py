"""Run a network over images, a video or a recording and write what it says.

``python -m offline.infer MODEL --input X --output DIR [--weights W.safetensors]`` with MODEL
``omeganet``, ``sgdepth`` or ``insta_dm``: X is an image, several images, a folder, a video or a
bag. ``dwarf`` takes ``--data KITTI`` (a split of KITTI 2015 scene flow), ``--left A --right B
--next-left C --next-right D``, or the images of two cameras (``--input``, ``--right-input``).

Under DIR, ``color`` holds pictures, ``npy`` arrays, ``bag`` a recording with the live node's
topics; KITTI's files are in DIR itself. Several processes share the work under ``torchrun``.

A file that is missing or damaged is named; it ends the run, or with ``--skip-missing`` only what
needs it. What has been written stays.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from offline.command import run_shared
from offline.datasets.kitti_scene_flow import gaps
from offline.inference.choices import open_source, settings_of, tasks_of, writers_of
from offline.inference.options import SCRIPTS, add_options, epilogue
from offline.inference.run import Done, Inference, run
from offline.predictors.base import Predictor
from offline.predictors.flip import Flipped
from offline.predictors.load import load_predictor
from offline.sharding import Shard
from offline.whole_files import require_writable

_KITTI_NAME = re.compile(r"(\d{6})_10")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one model; return 0, or 2 where something cannot be read or written."""
    options = _parse(arguments)
    return run_shared(lambda share: _run(options, share))


def _run(options: argparse.Namespace, share: Shard) -> int:
    done = _infer(options, share).gathered(share)
    if done is None:
        return 0
    for line in report(done, options.output):
        print(line)
    return 0 if done.written else 2


def report(done: Done, output: Path) -> list[str]:
    """Return what was written and what was not, in words."""
    lines = [f"{len(done.written)} frames written to {output}"]
    if done.skipped:
        lines.append(f"{len(done.skipped)} lack outputs, as their inputs could not be read")
    if not done.written:
        lines.append("no frame has all images that a task needs: flow and motion need neighbours")
    matches = [_KITTI_NAME.fullmatch(name) for name in done.written.values()]
    missing = gaps([int(match[1]) for match in matches if match])
    if missing and all(matches) and len(matches) > 1:
        names = ", ".join(f"{number:06d}" for number in missing[:5])
        more = ", ..." if len(missing) > 5 else ""
        lines.append(f"KITTI's kit wants every number from 000000 on; there is no {names}{more}")
    return lines


def _infer(options: argparse.Namespace, share: Shard) -> Done:
    require_writable(options.output)
    source, settings = open_source(options), settings_of(options)
    predictor = _predictor(options)
    tasks = tasks_of(options, predictor, source)
    if share.is_first:
        _warn(options, tasks)
    with ExitStack() as stack:
        writers = writers_of(options, settings, share)
        for writer in writers:
            stack.callback(writer.close)
        inference = Inference(predictor, tasks, settings, writers)
        return run(
            source,
            inference,
            share,
            skip_missing=options.skip_missing,
            limit=options.limit,
            workers=options.workers,
        )


def _predictor(options: argparse.Namespace) -> Predictor:
    predictor = load_predictor(
        options.model,
        options.weights,
        random_weights=options.random_weights,
        height=options.height,
        width=options.width,
        device=options.device,
        script="single_inference",
        fit=options.fit,
    )
    return Flipped(predictor) if options.flip else predictor


def _warn(options: argparse.Namespace, tasks: Sequence[str]) -> None:
    if options.random_weights:
        print("RANDOM WEIGHTS: the outputs are meaningless", file=sys.stderr)
    if "depth" in tasks and options.scale is None:
        print("depth is relative, it has no unit: --scale gives it metres", file=sys.stderr)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m offline.infer",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    models = parser.add_subparsers(dest="model", required=True, metavar="MODEL")
    for name, scripts in SCRIPTS.items():
        own = models.add_parser(
            name, help=scripts.gives, description=scripts.gives, epilog=epilogue(name)
        )
        add_options(own, name)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
