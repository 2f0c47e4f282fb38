"""What every model of ``offline.infer`` has in common: jobs, one after the other."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tqdm import tqdm


@dataclass(frozen=True)
class Job:
    """One thing to infer; nothing is read before its turn.

    Attributes:
        number: of its outputs.
        load: reads the inputs; raises ValueError naming a file that is missing or damaged.
        infer: computes on them and writes.
    """

    number: int
    load: Callable[[], Any]
    infer: Callable[[Any], None]


@dataclass(frozen=True)
class Model:
    """A model that can be inferred.

    Attributes:
        description: one sentence for ``--help``.
        add_arguments: adds the options of this model alone.
        jobs: what the options ask for, weights loaded; raises ValueError or OSError.
    """

    description: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    jobs: Callable[[argparse.Namespace], Sequence[Job]]


@dataclass
class Done:
    """What became of the jobs.

    Attributes:
        written: their numbers.
        skipped: what was wrong with the others, in words.
    """

    written: list[int] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


def run_jobs(jobs: Sequence[Job], *, skip_missing: bool) -> Done:
    """Run the jobs in their order, one set of inputs in memory at a time.

    Args:
        jobs: what to infer.
        skip_missing: pass over a job whose inputs cannot be read, saying so at once.

    Raises:
        ValueError: where inputs cannot be read or do not fit.
        OSError: where an output cannot be written.
    """
    done = Done()
    for job in tqdm(jobs, unit="frame", disable=len(jobs) < 2):
        try:
            inputs = job.load()
        except ValueError as error:
            if not skip_missing:
                raise
            done.skipped.append(str(error))
            tqdm.write(f"skipped {job.number:06d}: {error}", file=sys.stderr)
            continue
        job.infer(inputs)
        done.written.append(job.number)
    return done
