"""Rows of figures as a table for people and as JSON for programs."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from offline.benchmarks.timing import Timing

Row = dict[str, str | int | float]


def format_table(rows: Sequence[Row], decimals: int = 2) -> str:
    """Return rows with the same keys as an aligned text table; numbers to the right."""
    if not rows:
        return "(no rows)"
    header = list(rows[0])
    cells = [[_cell(row[key], decimals) for key in header] for row in rows]
    widths = [max(len(line[i]) for line in [header, *cells]) for i in range(len(header))]
    lines = [_line(header, widths), "  ".join("-" * width for width in widths)]
    return "\n".join([*lines, *(_line(line, widths) for line in cells)])


def spread_columns(timing: Timing) -> Row:
    """Return median, 10th and 90th percentile, ms."""
    return {"median ms": timing.median_ms, "p10 ms": timing.low_ms, "p90 ms": timing.high_ms}


def rate_columns(timing: Timing, gmac: float | None, peak: float) -> Row:
    """Return the spread and how fast multiply-accumulates were done.

    Args:
        timing: of the whole.
        gmac: that it takes; None where that is not known.
        peak: GMAC that the machine does in a millisecond.
    """
    columns = spread_columns(timing)
    if gmac is None:
        return {**columns, "GMAC": "-", "GMAC/s": "-", "of peak %": "-"}
    rate = gmac / timing.median_ms
    return {**columns, "GMAC": gmac, "GMAC/s": 1e3 * rate, "of peak %": 100 * rate / peak}


def _cell(value: str | float, decimals: int) -> str:
    return f"{value:.{decimals}f}" if isinstance(value, float) else str(value)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first = cells[0].ljust(widths[0])
    rest = [cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True)]
    return "  ".join([first, *rest]).rstrip()


def machine() -> dict[str, str | int]:
    """Return what the figures were measured on."""
    return {
        "platform": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count() or 0,
        "torch_threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else "none",
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", maxsplit=1)[1].strip()
    return platform.processor() or platform.machine()


def write_json(path: Path, report: Mapping[str, object]) -> None:
    """Write a report, creating its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=2) + "\n")
