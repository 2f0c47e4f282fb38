"""Measure this machine: the networks, the node around them, and the transport between processes.

``python -m offline.benchmark`` runs everything; name parts to run only those:

- ``macs``: multiply-accumulates of each part, of a streaming step and of fresh frames;
- ``network``: OmegaNet's streaming step beside the three-frame computation, taking turns in one
  run;
- ``stages``: where the streaming step's time goes;
- ``stereo_network``, ``stereo_stages``: the same for DWARF, beside its published graph;
- ``geometry``: the stereo pipeline's geometry, function by function, 1242x375;
- ``evaluation``: a frame of ``offline.evaluate`` without the network, step by step, 1242x375;
- ``overhead``: ``mono_node`` with engines that return constants, 1242x375 in, four outputs;
- ``transport``: the same at 30 Hz, counting what arrives between the processes;
- ``engines``: every backend and precision beside eager PyTorch running the published graphs;
- ``engine_parts``: the same, part by part; ``engine_memory``: in processes of their own;
- ``ros``: from an image that is published to outputs that are, eager and with the fastest engines;
- ``cold_start``: from the launch of ``mono_node`` to its first depth image, engines cached;
- ``world``: stereo triplets of the synthetic world with their truth, step by step, at the first
  size, on ``--device``;
- ``gpu``: ``engines`` on a GPU in its precisions, only where it is named.

Network parts run at both sizes that are usual, 192x640 and 384x1280 (``network`` and ``stages``
at the first), or at ``--height`` and ``--width`` alone.

``engines`` and those after it run each of ``--models`` at its published size, with ``--backends``
and ``--precisions``; compiled engines stay in ``--cache``.

Prints tables and writes them as JSON. Other work on the machine changes every absolute time:
compare only within one run.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from offline.benchmarks import (
    cold_start,
    engines,
    evaluation,
    live,
    live_engines,
    memory,
    network,
    stereo_geometry,
    stereo_network,
    world,
)
from offline.benchmarks.table import Row, format_table, machine, write_json
from offline.engine_sets import MODELS
from offline.predictors.load import MODELS as PUBLISHED
from scene_perception.engines.backends import BACKENDS, PRECISIONS

Benchmark = Callable[[argparse.Namespace], list[Row]]
Size = tuple[int, int]

SIZES: Sequence[Size] = ((192, 640), (384, 1280))

BENCHMARKS: Mapping[str, Benchmark] = {
    "macs": lambda options: at_sizes(options.sizes, network.mac_rows, stereo_network.mac_rows),
    "network": lambda options: at_sizes(
        options.sizes[:1], partial(network.timing_rows, repeats=options.repeats)
    ),
    "stages": lambda options: at_sizes(
        options.sizes[:1], partial(network.stage_rows, repeats=options.repeats)
    ),
    "stereo_network": lambda options: at_sizes(
        options.sizes, partial(stereo_network.timing_rows, repeats=options.repeats)
    ),
    "stereo_stages": lambda options: at_sizes(
        options.sizes, partial(stereo_network.stage_rows, repeats=options.repeats)
    ),
    "geometry": lambda options: stereo_geometry.geometry_rows(options.repeats),
    "evaluation": lambda options: evaluation.evaluation_rows(options.repeats),
    "overhead": lambda options: live.overhead_rows(options.frames),
    "transport": lambda options: live.transport_rows(options.frames, options.rate),
    "engines": engines.streaming_rows,
    "engine_parts": engines.part_rows,
    "engine_memory": memory.memory_rows,
    "ros": live_engines.ros_rows,
    "cold_start": cold_start.cold_start_rows,
    "world": world.world_rows,
    "gpu": engines.gpu_rows,
}
# What runs only where it is named, as most machines lack what it needs.
_NAMED = ("gpu",)


def at_sizes(sizes: Sequence[Size], *measure: Callable[[int, int], list[Row]]) -> list[Row]:
    """Return the rows of every measurement at every size."""
    return [row for size in sizes for rows in measure for row in rows(*size)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmarks and return the exit status."""
    options = _parse(arguments)
    report: dict[str, object] = {"machine": machine()}
    for name in options.parts or [name for name in BENCHMARKS if name not in _NAMED]:
        print(f"{name} ...", file=sys.stderr, flush=True)
        try:
            rows = BENCHMARKS[name](options)
        except (RuntimeError, TimeoutError, ValueError) as error:
            print(f"error: {name}: {error}", file=sys.stderr)
            return 1
        print(f"\n{name}\n{format_table(rows)}\n", flush=True)
        report[name] = rows
    write_json(options.output, report)
    print(f"written to {options.output}")
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m offline.benchmark",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(BENCHMARKS)}")
    parser.add_argument("--height", type=int, help="network input, px, with --width")
    parser.add_argument("--width", type=int, help="network input, px, with --height")
    parser.add_argument("--repeats", type=int, default=20, help="rounds that count (default 20)")
    parser.add_argument("--frames", type=int, default=150, help="live frames (default 150)")
    parser.add_argument("--rate", type=float, default=30.0, help="of transport, Hz (default 30)")
    _add_engine_options(parser)
    parser.add_argument("--output", type=Path, default=Path("results/benchmark.json"))
    options = parser.parse_args(arguments)
    unknown = [part for part in options.parts if part not in BENCHMARKS]
    if unknown:
        parser.error(f"PART must be one of {', '.join(BENCHMARKS)}, got {', '.join(unknown)}")
    if options.repeats < 1 or options.frames < 4:
        parser.error("--repeats must be at least 1 and --frames at least 4")
    if (options.height is None) != (options.width is None):
        parser.error("--height and --width must be given together")
    options.sizes = SIZES if options.height is None else ((options.height, options.width),)
    options.size_of = partial(_size_of, options)
    return options


def _add_engine_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--models", nargs="+", choices=MODELS, default=MODELS)
    parser.add_argument(
        "--backends", nargs="+", choices=list(BACKENDS), default=engines.CPU_BACKENDS
    )
    parser.add_argument(
        "--precisions", nargs="+", choices=PRECISIONS, default=engines.CPU_PRECISIONS
    )
    parser.add_argument("--device", choices=("cpu", "cuda"), help="default cpu; gpu: cuda")
    parser.add_argument("--cache", type=Path, default=Path("results/engines"))


def _size_of(options: argparse.Namespace, model: str) -> Size:
    """Return the size at which a model's engines are measured: the given or the published one."""
    if options.height is not None:
        return options.height, options.width
    return PUBLISHED[model].height, PUBLISHED[model].width


if __name__ == "__main__":
    sys.exit(main())
