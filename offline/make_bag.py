"""Turn KITTI raw, KITTI odometry, a folder of images or a generated drive into a recording.

Run as ``python -m offline.make_bag {kitti_raw,kitti_odometry,images} SOURCE OUT`` or
``python -m offline.make_bag synthetic OUT``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from offline.datasets.base import CameraSequence
from offline.datasets.image_folder import read_image_folder
from offline.datasets.kitti_odometry import read_kitti_odometry
from offline.datasets.kitti_raw import read_kitti_raw
from offline.datasets.synthetic import synthetic_sequence
from offline.sequence_bag import BagOptions, Progress, write_bag
from scene_perception.recordings.bags import STORAGES

SYNTHETIC_FRAMES = 40

Number = TypeVar("Number", int, float)


def _read(options: argparse.Namespace) -> CameraSequence:
    if options.kind == "synthetic":
        sequence = synthetic_sequence(
            options.limit or SYNTHETIC_FRAMES,
            seed=options.seed,
            height=options.height,
            width=options.width,
        )
    elif options.kind == "images":
        sequence = read_image_folder(
            options.source, fps=options.fps, calibration=options.calibration
        )
    else:
        read = read_kitti_raw if options.kind == "kitti_raw" else read_kitti_odometry
        sequence = read(options.source)
    return sequence if options.limit is None else sequence.first(options.limit)


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("out", type=Path, help="folder of the recording; must not exist")
    common.add_argument("--storage", choices=tuple(STORAGES), default="mcap")
    common.add_argument("--limit", type=_positive(int), metavar="N", help="the first N frames")
    common.add_argument("--encoding", choices=("rgb8", "bgr8", "mono8"), default="")
    common.add_argument("--compressed", action="store_true", help="store image files as they are")
    common.add_argument("--skip-missing", action="store_true", help="leave out damaged frames")
    source = argparse.ArgumentParser(add_help=False)
    source.add_argument("source", type=Path, help="folder to read")
    stereo = argparse.ArgumentParser(add_help=False)
    stereo.add_argument("--stereo", action="store_true", help="both cameras: left/... right/...")

    parser = argparse.ArgumentParser(prog="python -m offline.make_bag", description=__doc__)
    kinds = parser.add_subparsers(dest="kind", required=True)
    kinds.add_parser("kitti_raw", parents=[source, common, stereo])
    kinds.add_parser("kitti_odometry", parents=[source, common, stereo])
    images = kinds.add_parser("images", parents=[source, common])
    images.add_argument("--fps", type=_positive(float), default=10.0)
    images.add_argument("--calibration", type=Path, help="camera_calibration YAML file")
    synthetic = kinds.add_parser("synthetic", parents=[common, stereo])
    synthetic.add_argument("--seed", type=int, default=0)
    synthetic.add_argument("--height", type=_positive(int), default=375, help="px (375)")
    synthetic.add_argument("--width", type=_positive(int), default=1242, help="px (1242)")
    return parser


def _positive(number: Callable[[str], Number]) -> Callable[[str], Number]:
    def convert(text: str) -> Number:
        value = number(text)
        if value <= 0:
            raise argparse.ArgumentTypeError(f"must be > 0, got {text}")
        return value

    return convert


def main(arguments: Sequence[str] | None = None) -> int:
    """Make a recording and return the exit status."""
    options = _parser().parse_args(arguments)
    content = BagOptions(
        encoding=options.encoding,
        compressed=options.compressed,
        stereo=getattr(options, "stereo", False),
        skip_missing=options.skip_missing,
    )
    try:
        counts = write_bag(
            _read(options), options.out, options.storage, content, Progress(sys.stderr)
        )
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for topic, count in counts.items():
        print(f"{count} messages on {topic}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
