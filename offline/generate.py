"""Write generated worlds to disk: KITTI folders, a recording, or shards for training.

``python -m offline.generate --output DIR --format kitti --count 20 --first-seed 0`` writes a
stereo triplet of each seed as a scene of ``DIR/training``, with all truth that KITTI 2015 has
files for. ``--format shards`` writes the triplets with all truth, exactly, as ``.npz`` files
that training reads; a second run adds to them. ``--format bag`` records the drive of
``--first-seed``, ``--count`` frames long, with both cameras, calibration and odometry.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from offline.datasets.kitti_2015_depth import FOCAL_PX
from offline.datasets.synthetic import synthetic_sequence
from offline.in_order import positive
from offline.sequence_bag import BagOptions, Progress, write_bag
from offline.synthetic.drive import BASELINE_M, FOCAL
from offline.synthetic.kitti_scene import write_scene
from offline.synthetic.samples import frame_of, sample_of
from offline.synthetic.settings import STREET, THINGS, WorldSettings
from offline.synthetic.shards import write_shards
from offline.synthetic.triplets import make_triplets
from offline.synthetic.world import Triplets
from offline.whole_files import require_writable

_KITTI = (375, 1242)
_TRAINING = (WorldSettings.height, WorldSettings.width)

Frame = Mapping[str, Tensor]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write what is asked for and return the exit status."""
    options = _parse(arguments)
    try:
        _FORMATS[options.format](options)
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _write_kitti(options: argparse.Namespace) -> None:
    split = options.output / "training"
    if split.exists():
        raise ValueError(f"output folder must hold no {split.name} yet, {options.output} does")
    require_writable(split)
    settings = replace(
        _settings(options, _KITTI),
        focal=(_kitti_focal(options),) * 2,
        baseline_m=(BASELINE_M,) * 2,
    )
    for number, (_, frame) in enumerate(_frames(options, settings, frame_of)):
        write_scene(split, number, frame)
    print(f"{options.count} scenes in {split}")


def _kitti_focal(options: argparse.Namespace) -> float:
    """Return the focal length over the width by which KITTI 2015's readers find depth."""
    width = options.width or _KITTI[1]
    return FOCAL_PX[width] / width if width in FOCAL_PX else FOCAL


def _write_shards(options: argparse.Namespace) -> None:
    settings = _settings(options, _TRAINING)
    paths = list(write_shards(_frames(options, settings, sample_of), options.output))
    print(f"{options.count} samples in {len(paths)} files of {options.output}")


def _write_bag(options: argparse.Namespace) -> None:
    if options.mode != STREET:
        raise ValueError(f"mode of a recording must be {STREET}, got {options.mode}")
    height, width = _size(options, _KITTI)
    drive = synthetic_sequence(options.count, seed=options.first_seed, height=height, width=width)
    counts = write_bag(
        drive, options.output, options=BagOptions(stereo=True), progress=Progress(sys.stderr)
    )
    for topic, count in counts.items():
        print(f"{count} messages on {topic}")


_FORMATS: Mapping[str, Callable[[argparse.Namespace], None]] = {
    "kitti": _write_kitti,
    "bag": _write_bag,
    "shards": _write_shards,
}


def _frames(
    options: argparse.Namespace,
    settings: WorldSettings,
    of: Callable[[Triplets, int], dict[str, Tensor]],
) -> Iterator[tuple[str, Frame]]:
    """Yield the name and the tensors of each seed's triplet, some rendered at once."""
    progress = Progress(sys.stderr)
    seeds = range(options.first_seed, options.first_seed + options.count)
    for start in range(0, len(seeds), options.batch):
        some = seeds[start : start + options.batch]
        triplets = make_triplets(some, settings, rays=options.rays, device=options.device)
        for index, seed in enumerate(some):
            yield f"{options.mode}_{seed:06d}", of(triplets, index)
            progress.done(start + index + 1, len(seeds))


def _settings(options: argparse.Namespace, usual: tuple[int, int]) -> WorldSettings:
    height, width = _size(options, usual)
    return WorldSettings(mode=options.mode, height=height, width=width)


def _size(options: argparse.Namespace, usual: tuple[int, int]) -> tuple[int, int]:
    return options.height or usual[0], options.width or usual[1]


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m offline.generate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    cuda = torch.cuda.is_available()
    parser.add_argument("--output", type=Path, required=True, help="folder to write")
    parser.add_argument("--format", choices=tuple(_FORMATS), required=True)
    parser.add_argument("--count", type=positive, default=10, help="triplets or frames (10)")
    parser.add_argument("--first-seed", type=_seed, default=0, help="of the worlds (0)")
    parser.add_argument("--mode", choices=(STREET, THINGS), default=STREET)
    parser.add_argument("--height", type=positive, help="px; default 375, of shards 192")
    parser.add_argument("--width", type=positive, help="px; default 1242, of shards 640")
    parser.add_argument("--device", default="cuda" if cuda else "cpu", help="that renders")
    parser.add_argument(
        "--rays", type=positive, default=1, help="of triplets, along each axis of a pixel (1)"
    )
    parser.add_argument(
        "--batch", type=positive, default=8 if cuda else 1, help="triplets rendered at once"
    )
    return parser.parse_args(arguments)


def _seed(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"must be 0 or more, got {text}")
    return int(text)


if __name__ == "__main__":
    torch.set_grad_enabled(False)
    sys.exit(main())
