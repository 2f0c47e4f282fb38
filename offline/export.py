"""Build engines ahead of time, so that the first launch on the robot is as quick as any other.

``python -m offline.export MODEL --weights W.safetensors`` puts exactly those engines into the
cache that the node looks for with the same settings: give the node's ``network.height``,
``network.width``, ``network.backend``, ``network.precision`` and ``network.device`` where they
are not the node's defaults, and run it on the robot, as engines are of one machine.

``--precision int8`` needs ``--calibrate`` with a recording, a video or a folder of images like
those that the robot will see. ``--onnx DIR`` writes each part as an ONNX file beside.

``--list`` shows what the cache holds. ``--prune`` removes what other versions of a library, of
this package or of the machine left there, and the longest unused above ``--at-most-gb``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from offline.exporting.build import Calibration, ExportBuild
from offline.exporting.built import Watch
from offline.exporting.choices import MODELS, choose
from offline.exporting.kept import listed, pruned
from offline.exporting.progress import Progress, progress
from scene_perception.engines.backends import BACKENDS, PRECISIONS, EngineError
from scene_perception.engines.cache import EngineCache, default_cache

_GB = 10**9


def main(arguments: Sequence[str] | None = None) -> int:
    """Build, list or prune; return 0, or 2 where something cannot be built, read or written."""
    options = _parse(arguments)
    cache = EngineCache(options.cache or default_cache())
    try:
        if options.model:
            with progress() as heard:
                _export(options, cache, heard)
        if options.prune:
            print(pruned(cache, int(options.at_most_gb * _GB)))
        if options.list:
            print("\n".join(listed(cache)))
    except (OSError, ValueError, EngineError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; the next start finds what was finished", file=sys.stderr)
        return 130
    return 0


def _export(options: argparse.Namespace, cache: EngineCache, heard: Progress) -> None:
    choice = choose(options)
    watch = Watch(cache)
    calibration = None
    if options.calibrate is not None:
        calibration = Calibration(Path(options.calibrate) if options.calibrate else None,
                                  choice.stereo)  # fmt: skip
    build = ExportBuild(cache, calibration, options.onnx)
    loaded = choice.load(build)
    print("\n".join((loaded.description, *watch.lines(list(loaded.engines)), *loaded.notes)))
    heard.warn(loaded.warnings)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m offline.export",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("model", nargs="?", choices=MODELS)
    _add_network(parser)
    parser.add_argument("--onnx", type=Path, metavar="DIR", help="write ONNX files as well")
    parser.add_argument("--cache", type=Path, metavar="DIR",
                        help="network.cache_dir of the node (default: the node's)")  # fmt: skip
    parser.add_argument("--list", action="store_true", help="show what the cache holds")
    parser.add_argument("--prune", action="store_true", help="remove what is out of date")
    parser.add_argument("--at-most-gb", type=float, default=10.0, metavar="GB",
                        help="what --prune leaves (default: %(default)s)")  # fmt: skip
    options = parser.parse_args(arguments)
    _check(parser, options)
    return options


def _add_network(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--weights", default="", help=".safetensors from offline.convert")
    parser.add_argument("--random-weights", action="store_true", help="to try it out")
    parser.add_argument("--height", type=int, help="of the network's input, px")
    parser.add_argument("--width", type=int, help="of the network's input, px")
    parser.add_argument("--backend", default="auto", choices=("auto", "cpu", *BACKENDS))
    parser.add_argument("--precision", default="float32", choices=PRECISIONS)
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))
    parser.add_argument("--flow", default="", metavar="W", help="flow.weights of the node")
    parser.add_argument(
        "--semantics", default="", metavar="W", help="semantics.weights of the node"
    )
    parser.add_argument("--semantics-height", type=int, metavar="H", help="of stereo_node")
    parser.add_argument("--semantics-width", type=int, metavar="W", help="of stereo_node")
    parser.add_argument("--calibrate", nargs="?", const="", metavar="BAG|FOLDER|VIDEO",
                        help="images for --precision int8; without a path, to try it out, the "
                        "generated street")  # fmt: skip


def _check(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    if not options.model:
        if not (options.list or options.prune):
            parser.error("give a MODEL to build, or --list or --prune")
        return
    if options.calibrate is not None and options.precision != "int8":
        parser.error(f"--calibrate is for --precision int8, got {options.precision}")


if __name__ == "__main__":
    sys.exit(main())
