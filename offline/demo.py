"""Show the main job on one machine: a bag, replayed through the node, every output recorded.

``python -m offline.demo`` makes a bag from a short generated drive (or from ``--frames DIR``),
runs ``replay_node``, ``mono_node`` and ``record_node`` as processes over DDS, and writes

- ``contact_sheet.png``: the frames beside everything the node said about them,
- ``demo.mp4``: the same, moving,
- ``metrics.json``: counts, rates and the latency of each stage,
- ``recording/`` and ``input/``: the bags, for RViz, Foxglove or your own code.

Ends with status 1 if an output is missing for any frame.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from offline import make_bag
from offline.benchmarks.table import machine, write_json
from offline.contact_sheet import Image, Video, sheet, write_png
from offline.live_run import LiveRun, Parameters, run_live
from offline.recording import Summary, pictures, summarise_recording
from scene_perception.legends import label_legend

_CAMERA = "/image_rect"
_ROWS = {
    "/depth/color": "depth (red near, blue far)",
    "/semantic/color": "semantics",
    "/flow/color": "optical flow to the next frame",
    "/motion_mask/color": "moving objects",
}
_AT_ONCE = ("/depth/image_rect", "/semantic/image")
_ONE_LATER = ("/flow/image", "/motion_mask/image", "/motion_probability/image", "/ego_motion")
_COLUMNS = 3
_VIDEO_HZ = 10.0
_RANDOM = (
    "RANDOM WEIGHTS: no trained weights are shipped yet. The pictures show that every stage "
    "runs, not what is in the scene."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo and return its exit status."""
    options = _parse(arguments)
    if options.output.exists():
        shutil.rmtree(options.output)
    options.output.mkdir(parents=True)
    source = options.output / "input"
    _say(f"[1/4] making a bag of {options.frames or 'a generated drive'}")
    if status := make_bag.main(_bag_arguments(options.frames, options.count, source)):
        return status
    frames = summarise_recording(source).counts[_CAMERA]
    _say(f"[2/4] running replay, node and recorder on {frames} frames")
    node = _node_parameters(options.weights)
    run = LiveRun(source, options.output, node, {"pace": "consumer", "delay_s": 3.0})
    try:
        recording = run_live(run, _progress)
    except (RuntimeError, TimeoutError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    _say("[3/4] drawing")
    warning = "" if options.weights else _RANDOM
    _draw(options.output, source, recording, warning)
    _say("[4/4] counting")
    summary = summarise_recording(recording)
    problems = missing_outputs(summary, frames)
    write_json(options.output / "metrics.json", _metrics(summary, frames, warning, problems))
    _report(options.output, summary, frames, warning)
    for problem in problems:
        print(f"error: {problem}", file=sys.stderr)
    return 1 if problems else 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m offline.demo",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--frames", type=Path, help="folder of images instead of generated ones")
    parser.add_argument("--weights", type=Path, help="weights (.safetensors); default: random")
    parser.add_argument("--count", type=int, default=32, help="frames at most (default 32)")
    parser.add_argument("--output", type=Path, default=Path("results/demo"))
    options = parser.parse_args(arguments)
    if options.count < 3:
        parser.error(f"--count must be at least 3 (motion needs three frames), got {options.count}")
    return options


def _bag_arguments(frames: Path | None, count: int, bag: Path) -> list[str]:
    source = ["synthetic"] if frames is None else ["images", str(frames)]
    return [*source, str(bag), "--limit", str(count)]


def _node_parameters(weights: Path | None) -> Parameters:
    if weights is None:
        return {"network.allow_random_weights": True}
    return {"network.weights": str(weights.resolve())}


def missing_outputs(summary: Summary, frames: int) -> list[str]:
    """Return a line for each output that lacks messages.

    Depth and labels exist for each frame; what needs both neighbours for all but the ends.
    """
    expected = {**dict.fromkeys(_AT_ONCE, frames), **dict.fromkeys(_ONE_LATER, frames - 2)}
    return [
        f"{topic}: expected {count} messages for {frames} frames, recorded {found}"
        for topic, count in expected.items()
        if (found := len(set(summary.stamps_ns.get(topic, [])))) != count
    ]


def _metrics(summary: Summary, frames: int, warning: str, problems: list[str]) -> dict[str, object]:
    return {
        "frames": frames,
        "weights": "random" if warning else "given",
        "complete": not problems,
        "messages": summary.counts,
        "rates_hz": summary.rates_hz(),
        "latency_ms": summary.latencies_ms,
        "node": summary.values,
        "machine": machine(),
    }


def _draw(folder: Path, source: Path, recording: Path, warning: str) -> None:
    headline = "scene_perception: what OmegaNet sees, live from the camera topic"
    stamps = [stamp for stamp, _ in pictures(recording, list(_ROWS))]
    chosen = _spread(stamps)
    first = stamps[0] if stamps else 0
    columns, titles = [], []
    with Video(folder / "demo.mp4", _VIDEO_HZ) as video:
        for stamp, rows in _frames(source, recording):
            title = f"t = {(stamp - first) * 1e-9:.1f} s"
            video.add(sheet([rows], [title], headline=headline, warning=warning))
            if stamp in chosen:
                columns.append(rows)
                titles.append(title)
    legend = label_legend(_COLUMNS * 620)
    image = sheet(columns, titles, headline=headline, warning=warning, legends=[legend])
    write_png(folder / "contact_sheet.png", image)


def _frames(source: Path, recording: Path) -> Iterator[tuple[int, dict[str, Image]]]:
    camera = pictures(source, [_CAMERA])
    for stamp, images in pictures(recording, list(_ROWS)):
        view = next(image[_CAMERA] for taken, image in camera if taken == stamp)
        yield stamp, {"camera": view, **{_ROWS[topic]: images[topic] for topic in _ROWS}}


def _spread(stamps: Sequence[int]) -> set[int]:
    places = np.linspace(0, max(len(stamps) - 1, 0), _COLUMNS + 2)[1:-1].round().astype(int)
    return {stamps[place] for place in places} if stamps else set()


def _report(folder: Path, summary: Summary, frames: int, warning: str) -> None:
    total = summary.latencies_ms.get("total", {}).get("median", float("nan"))
    _say(f"{frames} frames in; median {total:.0f} ms from image to outputs")
    for topic in (*_AT_ONCE, *_ONE_LATER):
        _say(f"  {summary.counts.get(topic, 0):4d}  {topic}")
    if warning:
        _say(warning)
    _say(f"look at {folder / 'contact_sheet.png'}, {folder / 'demo.mp4'}")


def _progress(text: str) -> None:
    _say(f"      {text}")


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
