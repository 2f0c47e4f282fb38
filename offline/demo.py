"""Show the main job on one machine: a bag, replayed through each node, every output recorded.

``python -m offline.demo`` makes a bag from a short generated drive (or from ``--frames DIR``)
and runs ``replay_node``, ``mono_node`` and ``record_node`` on it as processes over DDS; then
``stereo_node`` on a generated stereo drive. It writes

- ``contact_sheet.png``: the frames beside everything the nodes said about them, and what the
  stereo pipeline's geometry says where disparities and flow are exact,
- ``mono.mp4``, ``stereo.mp4``: the same, moving,
- ``metrics.json``: counts, rates and the latency of each stage; each task's error against what
  is true of the drive; errors on exact input,
- ``mono/`` and ``stereo/``: bags ``input`` and ``recording``, for RViz, Foxglove or your own
  code, and the nodes' logs.

Ends with status 1 if an output is missing for any frame.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from offline import make_bag
from offline.benchmarks.table import machine, write_json
from offline.contact_sheet import Image, stacked
from offline.datasets.generated import generated_samples
from offline.datasets.samples import Sample
from offline.demo_errors import drive_errors, told
from offline.demo_pictures import draw_exact, draw_show, spread
from offline.exact_input import Checked, check_exactly, figures
from offline.in_order import positive
from offline.live_run import run_live
from offline.png_files import write_png
from offline.recording import Summary, summarise_recording
from offline.shows import MONO, STEREO, Show, missing_outputs
from offline.synthetic.drive import open_drive
from offline.synthetic.stereo import render_pair
from scene_perception.pipelines.stereo_config import StereoConfig

_SEED = 8  # of the generated drive: people, cyclists and cars, in the sun
# Building engines takes longer than running these few frames.
_EAGER = {"network.backend": "torch"}
_OWN = "the package's own weights, which have seen generated worlds only (their model_card.md)"


@dataclass(frozen=True)
class Part:
    """One node's part of the demo.

    Attributes:
        show: what is run.
        folder: where its files go.
        bag: arguments of ``make_bag`` that come before the output, and those after it.
        weights: of the network; None for the package's own.
        truth: samples of the drive; none of given frames.
    """

    show: Show
    folder: Path
    bag: tuple[list[str], list[str]]
    weights: Path | None
    truth: tuple[Sample, ...]

    @property
    def input(self) -> Path:
        """The recording that is replayed."""
        return self.folder / "input"

    def errors(self, recording: Path) -> dict[str, dict[str, float]]:
        """Return each task's figures; none without truth."""
        if not self.truth:
            return {}
        return drive_errors(recording, self.truth, metric=self.show is STEREO)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo and return its exit status."""
    options = _parse(arguments)
    if options.output.exists():
        shutil.rmtree(options.output)
    try:
        return _demonstrate(options)
    except (RuntimeError, TimeoutError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _demonstrate(options: argparse.Namespace) -> int:
    sheets: list[Image] = []
    metrics: dict[str, object] = {"machine": machine()}
    problems: list[str] = []
    for number, part in enumerate(_parts(options)):
        frames, recording = _run(part, f"[{number + 1}/3] {part.show.node}")
        summary = summarise_recording(recording)
        missing = missing_outputs(part.show, summary, frames)
        _report(part, summary, frames, missing)
        problems += missing
        errors = part.errors(recording)
        metrics[part.folder.name] = _metrics(summary, frames, part, missing) | {"errors": errors}
        for line in told(errors):
            _say(f"      {line}")
        _say("      drawing")
        video = options.output / f"{part.folder.name}.mp4"
        notes = "; ".join([*([] if part.weights else [_OWN]), *told(errors)])
        sheets.append(draw_show(part.show, part.input, recording, video, notes))
    _say("[3/3] the stereo pipeline's geometry on exact input")
    checks = _exact(options)
    metrics["exact_input"] = [figures(checked) for checked in checks]
    page = stacked([*sheets, draw_exact(checks)])
    write_png(options.output / "contact_sheet.png", page[..., ::-1])
    write_json(options.output / "metrics.json", {"complete": not problems, **metrics})
    _say(f"look at {options.output / 'contact_sheet.png'}, {options.output / 'stereo.mp4'}")
    return 1 if problems else 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m offline.demo",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--frames", type=Path, help="folder of images for mono_node")
    parser.add_argument("--weights", type=Path, help="OmegaNet's; default: the package's own")
    parser.add_argument("--stereo-weights", type=Path, help="DWARF's; default: the package's own")
    parser.add_argument("--count", type=int, default=32, help="frames at most (default 32)")
    parser.add_argument("--stereo-count", type=int, default=12, help="stereo pairs (default 12)")
    parser.add_argument("--height", type=positive, default=375, help="of the drive, px (375)")
    parser.add_argument("--width", type=positive, default=1242, help="of the drive, px (1242)")
    parser.add_argument("--output", type=Path, default=Path("results/demo"))
    options = parser.parse_args(arguments)
    for name, least in (("count", 3), ("stereo_count", 2)):
        if (given := getattr(options, name)) < least:
            option = name.replace("_", "-")
            parser.error(f"--{option} must be at least {least} (for motion), got {given}")
    return options


def _parts(options: argparse.Namespace) -> list[Part]:
    drive = ["--seed", str(_SEED), "--height", str(options.height), "--width", str(options.width)]
    generated = options.frames is None
    images = ["synthetic"] if generated else ["images", str(options.frames)]
    mono = images, ["--limit", str(options.count), *(drive if generated else [])]
    stereo = ["synthetic"], ["--stereo", "--limit", str(options.stereo_count), *drive]
    folder: Path = options.output
    return [
        Part(MONO, folder / "mono", mono, options.weights,
             _truth(options, options.count) if generated else ()),
        Part(STEREO, folder / "stereo", stereo, options.stereo_weights,
             _truth(options, options.stereo_count)),
    ]  # fmt: skip


def _truth(options: argparse.Namespace, count: int) -> tuple[Sample, ...]:
    return generated_samples(count, seed=_SEED, height=options.height, width=options.width)


def _run(part: Part, step: str) -> tuple[int, Path]:
    """Return the number of frames and the recording of what the node said about them."""
    part.folder.mkdir(parents=True)
    source, settings = part.bag
    _say(f"{step}: making a bag")
    if make_bag.main([*source, str(part.input), *settings]):
        raise RuntimeError(f"no bag for {part.show.node}")
    frames = summarise_recording(part.input).counts[part.show.camera]
    _say(f"      running replay, {part.show.node} and recorder on {frames} frames")
    run = part.show.live_run(part.folder, part.input, part.weights)
    run = replace(run, node={**run.node, **_EAGER})
    return frames, run_live(run, lambda text: _say(f"      {text}"))


def _exact(options: argparse.Namespace) -> list[Checked]:
    pairs: int = options.stereo_count
    drive = open_drive(pairs, seed=_SEED, height=options.height, width=options.width)
    chosen = sorted(spread(range(pairs - 1)))
    return [check_exactly(render_pair(drive, index), StereoConfig()) for index in chosen]


def _metrics(summary: Summary, frames: int, part: Part, missing: list[str]) -> dict[str, object]:
    return {
        "frames": frames,
        "weights": "given" if part.weights else "the package's own",
        "complete": not missing,
        "messages": summary.counts,
        "rates_hz": summary.rates_hz(),
        "latency_ms": summary.latencies_ms,
        "node": summary.values,
    }


def _report(part: Part, summary: Summary, frames: int, missing: list[str]) -> None:
    total = summary.latencies_ms.get("total", {}).get("median", float("nan"))
    _say(f"      {frames} frames in; median {total:.0f} ms from image to outputs")
    for topic in part.show.short:
        _say(f"      {summary.counts.get(topic, 0):4d}  {topic}")
    for problem in missing:
        print(f"error: {problem}", file=sys.stderr)


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
