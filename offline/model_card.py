"""The page that goes with weights: what they are, how they were made, how good they are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from offline.training.history import Slice

_OF_THE_MACHINE = ("weights", "folder")  # settings of a report that say where its files lay


@dataclass(frozen=True)
class TrainedPart:
    """Where some of the weights come from.

    Attributes:
        prefix: of the names of the tensors; empty for all.
        recipe: that trained them.
        data: sources, in words.
        command: that trains them.
        size: height and width of the images, px.
        steps: of the whole run.
        batch_size: samples in a step.
        slices: of the run.
    """

    prefix: str
    recipe: str
    data: str
    command: str
    size: tuple[int, int]
    steps: int
    batch_size: int
    slices: Sequence[Slice]


@dataclass(frozen=True)
class Measured:
    """The figures of one task on one data set, as ``offline.evaluate`` writes them.

    Attributes:
        task: that was measured.
        settings: what was run on what.
        figures: by name.
    """

    task: str
    settings: Mapping[str, str]
    figures: Mapping[str, float | None]


def read_measured(path: Path) -> Measured:
    """Return what a report of ``offline.evaluate`` says.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: naming the file, if it is no report.
    """
    try:
        found: dict[str, Any] = json.loads(path.read_text())
        return Measured(found["task"], found["settings"], found["figures"])
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise ValueError(
            f"{path} must be a report that `python -m offline.evaluate` wrote: {error!r}"
        ) from error


def model_card(
    model: str, parts: Sequence[TrainedPart], measured: Sequence[Measured], notes: str
) -> str:
    """Return the card as Markdown.

    Args:
        model: name of the network.
        parts: where the weights come from.
        measured: figures.
        notes: known failures, intended use and licence, Markdown, written by people.
    """
    lines = [f"# {model}: weights of this package", "", "## Training", ""]
    for part in parts:
        lines += [*_training(part), ""]
    lines += ["## Figures", ""]
    for result in measured:
        lines += [*_figures(result), ""]
    return "\n".join([*lines, notes.strip()]) + "\n"


def _training(part: TrainedPart) -> list[str]:
    seconds = sum(slice_.seconds for slice_ in part.slices)
    hardware = ", ".join(dict.fromkeys(slice_.hardware for slice_ in part.slices))
    dates = sorted({slice_.date for slice_ in part.slices})
    steps = part.slices[-1].last_step if part.slices else part.steps
    share = "" if steps >= part.steps else f" (the schedule has {part.steps})"
    made = f"{steps} steps{share} of {part.batch_size} samples, {part.size[0]}x{part.size[1]} px"
    rows = [
        ("tensors", f"`{part.prefix}*`"),
        ("recipe", part.recipe),
        ("data", part.data),
        ("made", made),
        ("command", f"`{part.command}`"),
        ("hardware", hardware or "not recorded"),
        ("time", f"{seconds / 60:.0f} min in {len(part.slices)} slices"),
        ("date", " to ".join(dict.fromkeys((dates[0], dates[-1]))) if dates else "not recorded"),
    ]
    return ["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)]


def _figures(result: Measured) -> list[str]:
    about = ", ".join(
        f"{name} {value}"
        for name, value in result.settings.items()
        if value and name not in _OF_THE_MACHINE
    )
    rows = [f"| {name} | {_told(value)} |" for name, value in result.figures.items()]
    return [f"**{result.task}** ({about})", "", "| | |", "|---|---|", *rows]


def _told(value: float | None) -> str:
    return "not defined" if value is None else f"{value:.4g}"
