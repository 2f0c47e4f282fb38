"""Measure this machine: the network, the node around it, and the transport between processes.

``python -m offline.benchmark`` runs everything; name parts to run only those:

- ``macs``: multiply-accumulates of each part, of a streaming step and of three fresh frames;
- ``network``: a streaming step beside the three-frame computation, taking turns in one run;
- ``stages``: where the streaming step's time goes;
- ``overhead``: ``mono_node`` with engines that return constants, 1242x375 in, four outputs;
- ``transport``: the same at 30 Hz, counting what arrives between the processes.

Prints tables and writes them as JSON. Other work on the machine changes every absolute time:
compare only within one run.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from offline.benchmarks import live, network
from offline.benchmarks.table import Row, format_table, machine, write_json

Benchmark = Callable[[argparse.Namespace], list[Row]]

BENCHMARKS: Mapping[str, Benchmark] = {
    "macs": lambda options: network.mac_rows(options.height, options.width),
    "network": lambda options: network.timing_rows(options.height, options.width, options.repeats),
    "stages": lambda options: network.stage_rows(options.height, options.width, options.repeats),
    "overhead": lambda options: live.overhead_rows(options.frames),
    "transport": lambda options: live.transport_rows(options.frames, options.rate),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmarks and return the exit status."""
    options = _parse(arguments)
    report: dict[str, object] = {"machine": machine()}
    for name in options.parts or BENCHMARKS:
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
    parser.add_argument("--height", type=int, default=192, help="network input (default 192)")
    parser.add_argument("--width", type=int, default=640, help="network input (default 640)")
    parser.add_argument("--repeats", type=int, default=20, help="rounds that count (default 20)")
    parser.add_argument("--frames", type=int, default=150, help="live frames (default 150)")
    parser.add_argument("--rate", type=float, default=30.0, help="of transport, Hz (default 30)")
    parser.add_argument("--output", type=Path, default=Path("results/benchmark.json"))
    options = parser.parse_args(arguments)
    unknown = [part for part in options.parts if part not in BENCHMARKS]
    if unknown:
        parser.error(f"PART must be one of {', '.join(BENCHMARKS)}, got {', '.join(unknown)}")
    if options.repeats < 1 or options.frames < 4:
        parser.error("--repeats must be at least 1 and --frames at least 4")
    return options


if __name__ == "__main__":
    sys.exit(main())
