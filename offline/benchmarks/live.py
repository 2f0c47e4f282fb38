"""``mono_node`` in a process of its own, with engines that return constants.

Everything but inference: what ROS, conversion, resizing and publishing cost, and whether
every message arrives. The frames are the generated drive's, 1242x375 colour.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from offline import make_bag
from offline.benchmarks.table import Row
from offline.live_run import LiveRun, Parameters, run_live
from offline.recording import Summary, summarise_recording

_BAG_HZ = 10.0
_IMAGE = "/image_rect"
_ENGINES = (
    "dsnet",
    "camera_encoder",
    "camera_decoder",
    "flow_encoder",
    "flow_decoder",
    "rigid_motion",
)
_STAGES = ("convert", "preprocess", "buffer", "scale", "postprocess", "publish")
OVERHEAD_TOPICS = ("depth/image_rect", "semantic/image", "flow/image", "motion_mask/image")
TRANSPORT_TOPICS = ("depth/image_rect", "flow/image", "depth/color", "flow/color")


def overhead_rows(frames: int) -> list[Row]:
    """Return what each stage but inference takes at 10 Hz, and their sum, ms a frame."""
    summary = _measure(frames, _BAG_HZ, OVERHEAD_TOPICS)[1]
    latencies = summary.latencies_ms
    rows: list[Row] = [
        {"stage": stage, "median ms": latencies[stage]["median"], "max ms": latencies[stage]["max"]}
        for stage in _STAGES
        if stage in latencies
    ]
    total = latencies["total"]
    engines = sum(latencies[part]["median"] for part in _ENGINES if part in latencies)
    return [
        *rows,
        {"stage": "engines (constants)", "median ms": engines, "max ms": "-"},
        {
            "stage": "image in to outputs out",
            "median ms": total["median"],
            "max ms": total["max"],
        },
    ]


def transport_rows(frames: int, rate_hz: float) -> list[Row]:
    """Return how many messages arrive between the processes at ``rate_hz``.

    Subscribers are best effort with a queue of one, as REP 2003 has consumers of sensor data.
    """
    published, summary = _measure(frames, rate_hz, TRANSPORT_TOPICS)
    finished = _count(summary, "finished")
    rows = [
        _delivery("image_rect at the node", published.counts[_IMAGE], _count(summary, "received")),
        _delivery("of these processed (newest wins)", _count(summary, "received"), finished),
    ]
    for topic in TRANSPORT_TOPICS:
        # What needs both neighbours exists for all frames but the ends.
        sent = finished - 2 if topic.startswith("flow") else finished
        rows.append(_delivery(topic, sent, summary.counts.get(f"/{topic}", 0)))
    return rows


def _count(summary: Summary, reason: str) -> int:
    return int(summary.values.get(f"input/count {reason}", "0"))


def _delivery(what: str, sent: int, arrived: int) -> Row:
    share = 100.0 * arrived / sent if sent else 0.0
    return {"what": what, "sent": sent, "arrived": arrived, "%": share}


def _measure(frames: int, rate_hz: float, topics: tuple[str, ...]) -> tuple[Summary, Summary]:
    """Replay ``frames`` at ``rate_hz`` and return the figures of what went in and came out."""
    node: Parameters = {"network.backend": "constant", "diagnostics_period_s": 0.5}
    with tempfile.TemporaryDirectory() as folder:
        bag = Path(folder) / "bag"
        if make_bag.main(["synthetic", str(bag), "--limit", str(frames)]):
            raise RuntimeError(f"could not make the recording {bag}")
        run = LiveRun(
            bag,
            Path(folder),
            node,
            {"rate": rate_hz / _BAG_HZ, "delay_s": 3.0},
            {
                "topics": ",".join((*topics, "/diagnostics")),
                "reliability": "best_effort",
                "image_depth": 1,
            },
        )
        return summarise_recording(bag), summarise_recording(run_live(run, lambda _: None))
