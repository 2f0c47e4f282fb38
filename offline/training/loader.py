"""Batches in the order of the steps: begun in worker processes, finished where training runs."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from offline.training.augment import augmented
from offline.training.batch import Batch
from offline.training.config import Augmentation
from offline.training.mixing import Mixture, Place
from offline.training.seeding import generator
from offline.training.sources import Named

# Read only by recipes that need a right image; without them a sample can be mirrored.
_STEREO = ("right", "next_right", "occluded_right")


@dataclass(frozen=True)
class Preparation:
    """How samples become what networks take.

    Attributes:
        augmentation: how they are varied.
        size: height and width of the images, px.
        stereo: whether right images are kept.
        seed: of the variations.
    """

    augmentation: Augmentation
    size: tuple[int, int]
    stereo: bool
    seed: int

    def __call__(self, named: Named, place: Place) -> Named:
        """Return the varied sample; the same one always at the same place."""
        sample, name = named
        if not self.stereo:
            sample = {key: value for key, value in sample.items() if key not in _STEREO}
        draws = generator(self.seed, "augment", place.source, place.position)
        return augmented(sample, self.augmentation, self.size, draws), name


@dataclass(frozen=True, eq=False)
class Loader:
    """Batches of a run, this process's share of each.

    Attributes:
        mixture: of the sources.
        prepare: varies each sample.
        device: that the batches are for.
        workers: processes that begin samples.
        rank: of this process.
        processes: that share each batch.
    """

    mixture: Mixture
    prepare: Preparation
    device: torch.device
    workers: int = 0
    rank: int = 0
    processes: int = 1

    def batches(self, first: int, end: int) -> Iterator[Batch]:
        """Yield the batches of the steps ``first`` ... ``end - 1``.

        Raises:
            OSError, ValueError: naming a sample that cannot be made.
        """
        loader: DataLoader[Any] = DataLoader(
            _Begin(self.mixture, self.prepare),
            batch_sampler=_Steps(self, range(first, end)),
            num_workers=self.workers,
            collate_fn=_as_it_is,
            worker_init_fn=_begin_worker,
            generator=generator(0, "unused"),  # or it would draw from the global one
        )
        for begun in loader:
            yield self._finished(begun)

    def batch(self, step: int) -> Batch:
        """Return the batch of one step, made in this process."""
        begin = _Begin(self.mixture, self.prepare)
        return self._finished([begin[place] for place in self.own(step)])

    def names(self) -> list[frozenset[str]]:
        """Return what the first sample of each source knows, as it comes out."""
        begin = _Begin(self.mixture, self.prepare)
        firsts = [Place(number, 0, 0) for number in range(len(self.mixture.sources))]
        return [frozenset(self._finished([begin[place]]).tensors) for place in firsts]

    def own(self, step: int) -> list[Place]:
        """Return this process's samples of a step."""
        places = self.mixture.places(step)
        count = len(places)
        first, end = (share * count // self.processes for share in (self.rank, self.rank + 1))
        return places[first:end]

    def _finished(self, begun: Sequence[tuple[Place, Any]]) -> Batch:
        for _, value in begun:
            if isinstance(value, Exception):
                raise value
        places = [place for place, _ in begun]
        source = self.mixture.sources[places[0].source]
        named = source.finish([value for _, value in begun])
        if source.late:
            named = [self.prepare(one, place) for one, place in zip(named, places, strict=True)]
        return stacked(named, self.device)


class _Begin(Dataset[tuple[Place, Any]]):
    """What workers do. What is wrong is handed on, to be told without their stack."""

    def __init__(self, mixture: Mixture, prepare: Preparation) -> None:
        self._mixture, self._prepare = mixture, prepare

    def __getitem__(self, place: Place) -> tuple[Place, Any]:
        source = self._mixture.sources[place.source]
        try:
            begun = source.begin(place.index)
            return place, begun if source.late else self._prepare(begun, place)
        except (OSError, ValueError) as error:
            return place, error


class _Steps:
    """The places of each step."""

    def __init__(self, loader: Loader, steps: range) -> None:
        self._loader, self._steps = loader, steps

    def __len__(self) -> int:
        return len(self._steps)

    def __iter__(self) -> Iterator[list[Place]]:
        return (self._loader.own(step) for step in self._steps)


def stacked(named: Sequence[Named], device: torch.device) -> Batch:
    """Return samples as a batch on ``device``.

    Raises:
        ValueError: naming two samples that know different things.
    """
    first, first_name = named[0]
    for sample, name in named[1:]:
        odd = sorted(sample.keys() ^ first.keys())
        if odd:
            raise ValueError(
                f"samples of one source must have the same names, {first_name} and {name} differ "
                f"in {', '.join(odd)}"
            )
    tensors: dict[str, Tensor] = {
        key: torch.stack([sample[key] for sample, _ in named]).to(device) for key in first
    }
    return Batch(tensors, tuple(name for _, name in named))


def _begin_worker(number: int) -> None:
    """Leave signals to the process that trains: it lets the step end and then its workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _as_it_is(begun: list[tuple[Place, Any]]) -> list[tuple[Place, Any]]:
    return begun
