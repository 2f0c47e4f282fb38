"""Walk over samples: read, predict, score; one sample's arrays in memory at a time."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from offline.datasets.samples import Sample
from offline.evaluation.task import Outputs, Record, Task, Truths
from offline.in_order import in_order
from offline.metrics.checks import NoTruth
from offline.sharding import Shard

Images = dict[str, NDArray[np.uint8]]


class Unreadable(ValueError):
    """A sample whose files are missing, damaged, or without a single true value."""


@dataclass(frozen=True, eq=False)
class Source:
    """Where predictions come from.

    Attributes:
        roles: of the images that it needs.
        predict: outputs for a sample's index, the sample and its images.
        name: for messages and the report.
        parallel: whether several threads may ask at once.
    """

    roles: tuple[str, ...]
    predict: Callable[[int, Sample, Images], Outputs]
    name: str
    parallel: bool = True


@dataclass
class Evaluation:
    """What became of the samples.

    Attributes:
        records: index -> score, in the order of the samples.
        skipped: index -> what was wrong with the others, in words, in the same order.
    """

    records: dict[int, Record[Any]] = field(default_factory=dict)
    skipped: dict[int, str] = field(default_factory=dict)

    def conclude(self, task: Task[Any]) -> dict[str, float]:
        """Return the task's figures.

        Raises:
            ValueError: if nothing was scored, or a sample is missing that must not be.
        """
        problem = next(iter(self.skipped.values()), "no samples")
        if task.whole and self.skipped:
            raise ValueError(
                f"{task.name} must have every sample, it lacks {problem}; --limit or --split can "
                "choose others"
            )
        if not self.records:
            raise ValueError(
                f"{task.name} must have at least one sample that can be read, got none; "
                f"the first problem was: {problem}"
            )
        return task.conclude(list(self.records.values()))


def evaluate(
    samples: Sequence[Sample],
    source: Source,
    task: Task[Any],
    share: Shard,
    *,
    skip_missing: bool = False,
    workers: int = 1,
) -> Evaluation | None:
    """Score this process's samples; return all processes' scores on the first, None elsewhere.

    Args:
        samples: of the whole data set.
        source: of predictions.
        task: what is measured.
        share: of this process.
        skip_missing: pass over a sample whose files cannot be read or hold no truth that counts,
            saying so at once.
        workers: samples that are worked on at once.

    Raises:
        ValueError: naming the sample, where files cannot be read or outputs not be compared.
    """
    own = Evaluation()
    indices = share.indices(len(samples))
    walk = in_order(
        indices,
        lambda index: _record(index, samples[index], source, task),
        workers if source.parallel else 1,
    )
    for index, record in tqdm(walk, total=len(indices), unit="frame", disable=not share.is_first):
        try:
            own.records[index] = record()
        except Unreadable as error:
            if not skip_missing:
                raise Unreadable(f"{error}; --skip-missing passes over it") from error
            own.skipped[index] = str(error)
            tqdm.write(f"skipped {error}", file=sys.stderr)
    records = share.gather(list(own.records.items()))
    skipped = share.gather(list(own.skipped.items()))
    if records is None or skipped is None:
        return None
    return Evaluation(dict(records), dict(skipped))


def usable(samples: Sequence[Sample], source: Source) -> tuple[Sample, ...]:
    """Return the samples that have the images which ``source`` needs.

    The first and the last frame of a drive have no neighbour on one side.

    Raises:
        ValueError: if none has them.
    """
    found = tuple(sample for sample in samples if sample.pictures.keys() >= set(source.roles))
    if samples and not found:
        raise ValueError(
            f"{source.name} must have the images {', '.join(source.roles)} of a frame, the first "
            f"of {len(samples)} has {', '.join(samples[0].pictures)}"
        )
    return found


def knows(samples: Sequence[Sample], task: Task[Any]) -> bool:
    """Return whether any of the samples has the truth that ``task`` needs."""
    return any(sample.truth.keys() >= set(task.kinds) for sample in samples)


def load(sample: Sample, source: Source, task: Task[Any]) -> tuple[Images, Truths]:
    """Return the images and truth that scoring a sample needs.

    Raises:
        Unreadable: naming the sample and what is missing or damaged.
    """
    try:
        return sample.images(source.roles), {kind: sample.known(kind) for kind in task.kinds}
    except ValueError as error:
        raise Unreadable(str(error)) from error


def _record(index: int, sample: Sample, source: Source, task: Task[Any]) -> Record[Any]:
    images, truth = load(sample, source, task)
    try:
        score = task.score(sample, truth, source.predict(index, sample, images))
    except NoTruth as error:
        raise Unreadable(f"sample {sample.name}: {error}") from error
    except ValueError as error:
        raise ValueError(f"sample {sample.name}: {error}") from error
    return Record(sample.name, sample.sequence, score)
