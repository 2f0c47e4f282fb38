"""One moment after the other: read, infer, write."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import NamedTuple, TypeVar

from tqdm import tqdm

from offline.in_order import in_order
from offline.inference.estimates import Estimates, Settings, estimates
from offline.inference.files import Writer
from offline.inference.moments import Image, Moment, Source
from offline.predictors.base import Predictor
from offline.sharding import Shard

Item = TypeVar("Item")
Images = dict[str, Image]


@dataclass
class Done:
    """What became of the moments, by index.

    Attributes:
        written: name of those that have outputs.
        skipped: what was wrong with the others, in words.
    """

    written: dict[int, str] = field(default_factory=dict)
    skipped: dict[int, str] = field(default_factory=dict)

    def gathered(self, share: Shard) -> Done | None:
        """Return what became of all processes' moments on the first, None elsewhere."""
        written = share.gather(list(self.written.items()))
        skipped = share.gather(list(self.skipped.items()))
        if written is None or skipped is None:
            return None
        return Done(dict(written), dict(skipped))


class Inferred(NamedTuple):
    """What came of a moment.

    Attributes:
        images: those that could be read, by role.
        found: estimates of the tasks that had their images.
        problem: what is wrong with the other images, in words.
    """

    images: Images
    found: Estimates
    problem: str


@dataclass(frozen=True, eq=False)
class Inference:
    """What is asked of each moment.

    Attributes:
        predictor: the network.
        tasks: that are inferred where a moment has the images for them.
        settings: of the estimates.
        writers: what takes them.
    """

    predictor: Predictor
    tasks: Sequence[str]
    settings: Settings
    writers: Sequence[Writer]

    def roles_of(self, moment: Moment) -> list[str]:
        """Return the roles of the images that are to be read: ``current``, and what tasks need."""
        needed = [roles for roles in self._task_roles() if set(roles) <= set(moment.images)]
        return list(dict.fromkeys(["current", *(role for roles in needed for role in roles)]))

    def infer(self, moment: Moment) -> Inferred:
        """Read a moment's images and infer the tasks that they are there for."""
        images, problem = read(moment, self.roles_of(moment))
        found = self._estimates(images) if "current" in images else {}
        return Inferred(images, found, problem)

    def write(self, moment: Moment, inferred: Inferred) -> bool:
        """Write what was found; return whether anything was."""
        if inferred.found:
            for writer in self.writers:
                writer.write(moment, inferred.images["current"], inferred.found)
        return bool(inferred.found)

    def _estimates(self, images: Images) -> Estimates:
        found: Estimates = {}
        height, width = images["current"].shape[:2]
        for task, roles in zip(self.tasks, self._task_roles(), strict=True):
            if set(roles) <= set(images):
                outputs = self.predictor(task, images)
                found |= estimates(task, outputs, (width, height), self.settings)
        return found

    def _task_roles(self) -> list[tuple[str, ...]]:
        return [self.predictor.roles[task] for task in self.tasks]


def run(
    source: Source,
    inference: Inference,
    share: Shard,
    *,
    skip_missing: bool = False,
    limit: int | None = None,
    workers: int = 1,
) -> Done:
    """Infer this process's moments and write them in their order; a few are in memory at a time.

    Args:
        source: of the moments.
        inference: what is asked of each.
        share: of this process.
        skip_missing: pass over the tasks whose images cannot be read, saying so at once.
        limit: number of moments at most, of all processes.
        workers: moments that are worked on at once.

    Raises:
        ValueError: naming what cannot be read or does not fit.
        OSError: where an output cannot be written.
    """
    done = Done()
    limited = takewhile(lambda moment: moment.index < (limit or math.inf), source.moments(share))
    walk = in_order(limited, inference.infer, workers)
    for moment, result in _shown(walk, source.count, limit, share):
        inferred = result()
        if inferred.problem:
            if not skip_missing:
                raise ValueError(
                    f"{moment.name}: {inferred.problem}; --skip-missing leaves out what needs it"
                )
            done.skipped[moment.index] = inferred.problem
            tqdm.write(f"skipped {moment.name}: {inferred.problem}", file=sys.stderr)
        if inference.write(moment, inferred):
            done.written[moment.index] = moment.name
    return done


def read(moment: Moment, roles: Sequence[str]) -> tuple[Images, str]:
    """Return the images of ``roles`` that can be read, and what is wrong with the others.

    Images that differ from ``current`` in size cannot be used.
    """
    images: Images = {}
    problems = []
    for role in roles:
        try:
            image = moment.images[role]()
            _require_size(role, image, images.get("current", image))
            images[role] = image
        except ValueError as error:
            problems.append(str(error))
    return images, "; ".join(dict.fromkeys(problems))


def _require_size(role: str, image: Image, current: Image) -> None:
    if image.shape != current.shape:
        sizes = [f"{seen.shape[1]}x{seen.shape[0]}" for seen in (current, image)]
        raise ValueError(f"images must have one size, current has {sizes[0]}, {role} {sizes[1]} px")


def _shown(
    walk: Iterator[Item], count: int | None, limit: int | None, share: Shard
) -> Iterator[Item]:
    """Show progress on the first process."""
    known = [number for number in (count, limit) if number is not None]
    total = len(share.indices(min(known))) if known else None
    yield from tqdm(walk, total=total, unit="frame", disable=total == 1 or not share.is_first)
