"""What the authors report, to stand beside what we measure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_USUAL_SPLITS = {"kitti_raw": "eigen"}
_FILE = Path(__file__).with_name("published.json")


@dataclass(frozen=True)
class PublishedRow:
    """One row of a published table.

    Attributes:
        task: as in ``offline.evaluate``.
        model: of the row.
        on: data set, split and protocol that it was measured by, as ``measured_on`` says them.
        name: how the authors call it.
        source: where it stands.
        figures: by our names.
    """

    task: str
    model: str
    on: str
    name: str
    source: str
    figures: dict[str, float]


def measured_on(dataset: str, split: str, protocol: str) -> str:
    """Return what figures must share to stand beside each other."""
    return f"{dataset} {split or _USUAL_SPLITS.get(dataset, '')}, {protocol}"


def published_rows(task: str, model: str, on: str) -> list[PublishedRow]:
    """Return the published rows of a model for a task; none where none is known for sure."""
    return [row for row in _rows() if (row.task, row.model, row.on) == (task, model, on)]


@cache
def _rows() -> tuple[PublishedRow, ...]:
    return tuple(PublishedRow(**row) for row in json.loads(_FILE.read_text()))
