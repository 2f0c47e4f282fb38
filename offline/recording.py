"""What a live run recorded: counts, stamps, diagnostics and pictures by stamp."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scene_perception.recordings import cdr
from scene_perception.recordings.bags import Bag

_DIAGNOSTICS = "/diagnostics"
_LATENCY = re.compile(r"latency (?P<stage>.+) \[ms\]")
_MEDIAN_MAX = re.compile(r"median (?P<median>[\d.]+), max (?P<max>[\d.]+)")
_PICTURES = ("rgb8", "mono8")


@dataclass
class Summary:
    """Figures of a recording.

    Attributes:
        counts: messages by topic.
        stamps_ns: header stamps of each topic that has headers, in order of arrival.
        latencies_ms: by stage, ``median`` (the median over the node's reports of each
            report's median) and ``max`` over all reports.
        values: what the node's last report says, by ``task/key``.
        duration_s: from the first to the last message.
    """

    counts: dict[str, int] = field(default_factory=dict)
    stamps_ns: dict[str, list[int]] = field(default_factory=dict)
    latencies_ms: dict[str, dict[str, float]] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    duration_s: float = 0.0

    def rates_hz(self) -> dict[str, float]:
        """Return each topic's mean rate over the recording's duration."""
        if self.duration_s <= 0:
            return {}
        return {topic: count / self.duration_s for topic, count in self.counts.items()}


def summarise_recording(path: Path) -> Summary:
    """Return the figures of a recording.

    Raises:
        BagError: if it cannot be read.
    """
    summary = Summary()
    medians: dict[str, list[float]] = {}
    first_ns = last_ns = 0
    with Bag(path) as bag:
        summary.counts = {recorded.name: 0 for recorded in bag.topics}
        for topic, msgtype, time_ns, data in bag.messages():
            summary.counts[topic] += 1
            first_ns, last_ns = first_ns or time_ns, time_ns
            if topic.endswith(_DIAGNOSTICS):
                _add_diagnostics(summary, medians, data)
            elif _has_header(msgtype):
                summary.stamps_ns.setdefault(topic, []).append(cdr.header_stamp_ns(data))
    for stage, values in medians.items():
        summary.latencies_ms[stage]["median"] = statistics.median(values)
    summary.duration_s = (last_ns - first_ns) * 1e-9
    return summary


def _has_header(msgtype: str) -> bool:
    fields = cdr.typestore().fielddefs[msgtype][1]
    return bool(fields) and fields[0][0] == "header"


def _add_diagnostics(summary: Summary, medians: dict[str, list[float]], data: bytes) -> None:
    array: Any = cdr.typestore().deserialize_cdr(data, "diagnostic_msgs/msg/DiagnosticArray")
    for status in array.status:
        task = status.name.rsplit(": ", maxsplit=1)[-1]
        for item in status.values:
            summary.values[f"{task}/{item.key}"] = item.value
            key, value = _LATENCY.fullmatch(item.key), _MEDIAN_MAX.fullmatch(item.value)
            if key and value:
                stage = key["stage"]
                medians.setdefault(stage, []).append(float(value["median"]))
                worst = summary.latencies_ms.setdefault(stage, {"median": 0.0, "max": 0.0})
                worst["max"] = max(worst["max"], float(value["max"]))


def pictures(path: Path, topics: list[str]) -> Iterator[tuple[int, dict[str, NDArray[np.uint8]]]]:
    """Yield ``(stamp_ns, topic -> RGB picture)`` of each stamp that all ``topics`` have.

    Args:
        path: a recording.
        topics: of rgb8 or mono8 images.

    Raises:
        BagError: if the recording cannot be read.
        ValueError: for an image of another encoding.
    """
    waiting: dict[int, dict[str, NDArray[np.uint8]]] = {}
    with Bag(path) as bag:
        for message in bag.messages(topics):
            stamp_ns = cdr.header_stamp_ns(message.data)
            images = waiting.setdefault(stamp_ns, {})
            images[message.topic] = picture(message.data)
            if len(images) == len(topics):
                yield stamp_ns, waiting.pop(stamp_ns)


def picture(data: bytes) -> NDArray[np.uint8]:
    """Return the RGB pixels of an rgb8 or mono8 ``sensor_msgs/Image`` in CDR. # (H, W, 3).

    Raises:
        ValueError: for another encoding.
    """
    message: Any = cdr.typestore().deserialize_cdr(data, cdr.IMAGE)
    if message.encoding not in _PICTURES:
        known = ", ".join(_PICTURES)
        raise ValueError(f"a picture's encoding must be one of {known}, got {message.encoding!r}")
    pixels = cdr.image_pixels(message)
    return np.repeat(pixels[..., None], 3, axis=2) if pixels.ndim == 2 else pixels
