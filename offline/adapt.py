"""Adapt OmegaNet to a camera: fine-tune depth, ego-motion and flow on a drive, without labels.

``python -m offline.adapt --bag X [--weights W.safetensors] --output DIR``: X is a bag, a folder of
images, a video, or a sequence of KITTI odometry. The end of the recording is held out: DIR gets
``adapted.safetensors`` and ``report.json`` with the photometric errors of frames that nothing was
learnt from, before and after, and with the errors of the camera's motion where true poses are known
(``--poses``, or KITTI's).

A recording that does not show a camera that drives is refused, with what was measured.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from offline.adaptation.fit import AdaptSettings, fit
from offline.adaptation.footage import Footage, read_footage
from offline.adaptation.motion import MotionLimits, measure_motion, require_motion
from offline.adaptation.parts import Parts, split_footage
from offline.adaptation.scores import Photometric, PoseErrors, photometric, pose_errors
from offline.command import run_shared
from offline.in_order import positive
from offline.sharding import Shard
from offline.whole_files import require_writable, write_whole
from scene_perception.allocator import keep_freed_tensors
from scene_perception.checkpoints.omeganet import load_omeganet
from scene_perception.checkpoints.shipped import meant_weights
from scene_perception.checkpoints.weights import save_weights
from scene_perception.engines.build import resolve_device
from scene_perception.models.layers import check_image_size
from scene_perception.models.omeganet import OmegaNet
from scene_perception.settings import check, walk

_OWN = "the package's own"
_WEIGHTS, _REPORT = "adapted.safetensors", "report.json"


@dataclass(frozen=True)
class Scores:
    """What one network says of the frames that are held out.

    Attributes:
        photometric: errors.
        pose: errors of the held-out frames, None without true poses.
        pose_of_all: errors of the whole recording.
    """

    photometric: Photometric
    pose: PoseErrors | None
    pose_of_all: PoseErrors | None


def main(arguments: Sequence[str] | None = None) -> int:
    """Adapt; return 0, or 2 where the recording or the weights cannot be used."""
    options = _parse(arguments)
    return run_shared(lambda share: _run(options, share))


def _run(options: argparse.Namespace, share: Shard) -> int:
    if share.world > 1:
        raise ValueError(f"adaptation must run as one process, got {share.world}")
    check_image_size(options.height, options.width, multiple=64, minimum=128)
    settings = _settings(options)
    weights = meant_weights("omeganet", options.weights, setting="--weights")
    before = load_omeganet(Path(weights))
    require_writable(options.output)
    footage = _footage(options)
    moves = require_motion(measure_motion(footage), MotionLimits(), footage.name)
    parts = split_footage(footage, moves, options.seconds_held_out)
    print(_told(footage, parts))
    first = scores(before.to(footage.device), footage, parts)
    if footage.device == "cpu":
        keep_freed_tensors()
    after = fit(weights, footage, parts, settings, print)
    second = scores(after, footage, parts)
    for line in table(first, second):
        print(line)
    _write(options.output, options.weights or _OWN, after, first, second)
    return 0


def scores(network: OmegaNet, footage: Footage, parts: Parts) -> Scores:
    """Measure a network on what is held out."""
    held_out = parts.held_out
    return Scores(
        photometric(network, footage, held_out.middles),
        pose_errors(network, footage, held_out.start, held_out.end),
        pose_errors(network, footage, 0, len(footage)),
    )


def table(before: Scores, after: Scores) -> list[str]:
    """Return what is compared, before and after, in words."""
    one, other = before.photometric, after.photometric
    lines = [
        "held-out frames              before    after   unmoved",
        f"photometric error, views   {one.views:8.4f} {other.views:8.4f} {one.unmoved:9.4f}",
        f"photometric error, flow    {one.flow:8.4f} {other.flow:8.4f}",
    ]
    for what, was, is_now in (
        ("held out", before.pose, after.pose),
        ("all frames", before.pose_of_all, after.pose_of_all),
    ):
        if was is None or is_now is None:
            continue
        lines += [
            f"{f'{name}, {what}':27}{getattr(was, key):8.3f} {getattr(is_now, key):8.3f}"
            for name, key in (
                ("rotation, deg", "rotation_deg"),
                ("direction, deg", "direction_deg"),
                ("trajectory, m", "ate_m"),
            )
        ]
    return lines


def _told(footage: Footage, parts: Parts) -> str:
    return (
        f"{footage.name}: {len(footage)} frames; {len(parts.learnt.middles)} triplets to learn "
        f"from, {len(parts.choosing.middles)} to choose by, {len(parts.held_out.middles)} held out "
        f"(frames {parts.held_out.start} to {parts.held_out.end - 1})"
    )


def _footage(options: argparse.Namespace) -> Footage:
    footage = read_footage(
        options.bag,
        (options.height, options.width),
        calibration=options.calibration,
        poses=options.poses,
        topic=options.topic,
        limit=options.limit,
    )
    if options.learned_intrinsics:
        footage = replace(footage, intrinsics=None)
    elif footage.intrinsics is None:
        raise ValueError(
            f"footage {options.bag} must have intrinsics, it has none; give --calibration FILE, "
            "or --learned-intrinsics to take those that the network says"
        )
    return replace(footage, device=resolve_device(options.device))


def _write(folder: Path, weights: str, network: OmegaNet, before: Scores, after: Scores) -> None:
    state = {name: tensor.cpu() for name, tensor in network.state_dict().items()}
    save_weights(folder / _WEIGHTS, state, {"model": "omeganet", "adapted_from": str(weights)})
    report = {"weights": str(weights), "before": asdict(before), "after": asdict(after)}
    text = json.dumps(report, indent=2, sort_keys=True) + "\n"
    write_whole({folder / _REPORT: text.encode()})
    print(f"{folder / _WEIGHTS} and {_REPORT} written")


def _settings(options: argparse.Namespace) -> AdaptSettings:
    names = [name for name, _, _ in walk(AdaptSettings())]
    settings = AdaptSettings(**{name: getattr(options, name) for name in names})
    check(settings)
    return settings


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m offline.adapt",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--bag", type=Path, required=True, metavar="X", help="bag, folder, video or KITTI sequence")
    add("--weights", default="", help="OmegaNet's to begin with; default: the package's own")
    add("--output", type=Path, required=True, metavar="DIR", help="folder to write to")
    add("--topic", default="", help="image topic of a bag (default: its first)")
    add("--calibration", type=Path, help="camera_calibration YAML file of the images")
    add("--poses", type=Path, help="true poses, one a frame, as KITTI odometry has them")
    add("--limit", type=positive, help="frames at most, from the first on")
    add("--height", type=positive, default=192, help="of the network's input (default 192)")
    add("--width", type=positive, default=640, help="of the network's input (default 640)")
    add("--device", default="auto", choices=("auto", "cpu", "cuda"), help="where networks run")
    add("--seconds-held-out", type=float, help="at the end (default: a fifth of the frames)")
    for name, value, rule in walk(AdaptSettings()):
        option = f"--{name.replace('_', '-')}"
        told = f"{rule.description} (default {value})"
        if isinstance(value, bool):
            add(option, action="store_true", help=rule.description)
        else:
            add(option, type=type(value), default=value, help=told)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
