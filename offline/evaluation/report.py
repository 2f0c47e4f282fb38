"""An evaluation as a table, JSON, CSV and a page with the best and worst frames."""

from __future__ import annotations

import base64
import csv
import html
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from offline.benchmarks.table import format_table
from offline.contact_sheet import captioned
from offline.evaluation.published import PublishedRow
from offline.whole_files import write_whole

Picture = NDArray[np.uint8]
_WIDTH = 620
_STYLE = (
    "body{font:15px sans-serif;margin:2em;max-width:1300px}"
    "table{border-collapse:collapse;margin:1em 0}"
    "td,th{border:1px solid #bbb;padding:3px 9px;text-align:right}"
    "td:first-child,th:first-child{text-align:left}"
    "img{display:block;max-width:100%}"
)


@dataclass(frozen=True, eq=False)
class Shown:
    """A frame's pictures.

    Attributes:
        title: what the frame is and how good.
        pictures: caption -> RGB. # (H, W, 3)
    """

    title: str
    pictures: Mapping[str, Picture]


@dataclass(frozen=True, eq=False)
class Report:
    """Everything that is known after an evaluation.

    Attributes:
        task: what was measured.
        model: where the predictions come from.
        settings: what was run on what, by name.
        figures: of all samples.
        frames: name -> figures of each sample, in their order.
        published: rows to compare with.
        skipped: samples that could not be read, and why.
        overview: caption -> picture of all samples together.
        best: frames to look at.
        worst: frames to look at.
    """

    task: str
    model: str
    settings: Mapping[str, str]
    figures: Mapping[str, float]
    frames: Mapping[str, Mapping[str, float]]
    published: Sequence[PublishedRow] = ()
    skipped: Sequence[str] = ()
    overview: Mapping[str, Picture] = field(default_factory=dict)
    best: Sequence[Shown] = field(default_factory=tuple)
    worst: Sequence[Shown] = field(default_factory=tuple)

    def rows(self) -> list[dict[str, str | int | float]]:
        """Return one row for each figure: ours, and the published ones beside it."""
        rows = []
        for name, value in self.figures.items():
            row: dict[str, str | int | float] = {self.task: name, "measured": _told(value)}
            for published in self.published:
                known = published.figures.get(name)
                row[published.name] = "" if known is None else _told(known)
            rows.append(row)
        return rows

    def table(self) -> str:
        """Return the figures for the terminal."""
        return format_table(self.rows())

    def write(self, folder: Path) -> list[Path]:
        """Write ``TASK.json``, ``TASK.csv`` and ``TASK.html`` and return their paths.

        Older ones are replaced when all three are whole.

        Raises:
            OSError: if they cannot be written.
        """
        texts = {
            "json": json.dumps(self._json(), indent=1) + "\n",
            "csv": self._csv(),
            "html": self._html(),
        }
        folder.mkdir(parents=True, exist_ok=True)
        files = {folder / f"{self.task}.{kind}": text.encode() for kind, text in texts.items()}
        write_whole(files)
        return list(files)

    def _json(self) -> dict[str, Any]:
        return {
            "task": self.task,
            "model": self.model,
            "settings": dict(self.settings),
            "figures": {name: _finite(value) for name, value in self.figures.items()},
            "published": [vars(row) for row in self.published],
            "skipped": list(self.skipped),
        }

    def _csv(self) -> str:
        names = list(dict.fromkeys(name for row in self.frames.values() for name in row))
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(["sample", *names])
        for sample, row in self.frames.items():
            writer.writerow([sample, *(float(row[n]) if n in row else "" for n in names)])
        return text.getvalue()

    def _html(self) -> str:
        title = html.escape(f"{self.task}: {self.model}")
        parts = [f"<!doctype html><meta charset=utf-8><title>{title}</title>"]
        parts += [f"<style>{_STYLE}</style><h1>{title}</h1>", _table(self.rows())]
        sources = dict.fromkeys(f"{row.name}: {row.source}" for row in self.published)
        parts += [f"<p>{html.escape(source)}</p>" for source in sources]
        parts.append(_table([{"setting": k, "value": v} for k, v in self.settings.items()]))
        if self.overview:
            parts.append(_frame(Shown("Overview", self.overview)))
        for heading, frames in (("Worst", self.worst), ("Best", self.best)):
            if frames:
                parts.append(f"<h2>{heading} {len(frames)}</h2>")
                parts += [_frame(shown) for shown in frames]
        if self.skipped:
            parts.append(f"<h2>{len(self.skipped)} samples were skipped</h2><ul>")
            parts += [f"<li>{html.escape(reason)}" for reason in self.skipped]
            parts.append("</ul>")
        return "\n".join(parts) + "\n"


def _table(rows: Sequence[Mapping[str, str | int | float]]) -> str:
    if not rows:
        return ""
    head = "".join(f"<th>{html.escape(name)}" for name in rows[0])
    lines = [
        "<tr>" + "".join(f"<td>{html.escape(str(cell))}" for cell in row.values()) for row in rows
    ]
    return f"<table><tr>{head}\n" + "\n".join(lines) + "</table>"


def _frame(shown: Shown) -> str:
    tiles = [captioned(image, caption, width=_WIDTH) for caption, image in shown.pictures.items()]
    picture = base64.b64encode(_jpeg(np.vstack(tiles))).decode()
    title = html.escape(shown.title)
    return f'<h3>{title}</h3><img alt="{title}" src="data:image/jpeg;base64,{picture}">'


def _jpeg(image: Picture) -> bytes:
    ok, data = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])
    if not ok:
        raise ValueError(f"picture of {image.shape} cannot be encoded as JPEG")
    return data.tobytes()


def _told(value: float) -> str:
    if not math.isfinite(value):
        return "not defined"
    return str(int(value)) if value == int(value) and abs(value) >= 1 else f"{value:.5g}"


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
