"""What a run was made on, slice by slice: a model card must say it, and nobody remembers."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from offline.benchmarks.table import machine

HISTORY = "history.jsonl"


@dataclass(frozen=True)
class Slice:
    """One uninterrupted piece of a run.

    Attributes:
        date: of its start, UTC, such as 2026-11-21.
        first_step: steps made before it.
        last_step: steps made after it.
        seconds: wall time, without what comes before the first step.
        hardware: processor or GPU.
        torch: version.
        processes: that shared each batch.
    """

    date: str
    first_step: int
    last_step: int
    seconds: float
    hardware: str
    torch: str
    processes: int


def hardware(device: str) -> str:
    """Return the name of the processor or, for ``cuda``, of the GPU that this machine has."""
    known = machine()
    if device == "cuda":
        return str(known["gpu"])
    return f"{known['processor']}, {known['cores']} cores"


def append(folder: Path, slice_: Slice) -> None:
    """Add a line to the folder's history.

    Raises:
        OSError: if it cannot be written.
    """
    with (folder / HISTORY).open("a") as file:
        file.write(json.dumps(asdict(slice_)) + "\n")
        file.flush()
        os.fsync(file.fileno())


def read_history(folder: Path) -> tuple[Slice, ...]:
    """Return the slices of a run, oldest first; none for a folder without a history.

    Raises:
        ValueError: naming the file and the line that is no slice.
    """
    path = folder / HISTORY
    if not path.exists():
        return ()
    slices = []
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        try:
            slices.append(Slice(**json.loads(line)))
        except (TypeError, ValueError) as error:
            raise ValueError(f"{path}:{number} must be a slice of a run: {error}") from error
    return tuple(slices)
