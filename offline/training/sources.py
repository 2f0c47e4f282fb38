"""Where samples come from: worlds rendered as they are needed, shards, data sets.

A sample is a dictionary by the names of ``training.batch``, without a leading B. Making one has
two halves: ``begin`` runs in a worker process on the CPU, ``finish`` where the networks train, for
all samples of a batch at once. What a GPU renders is made in the second.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast

import torch

from offline.synthetic.make import make_world
from offline.synthetic.render import render
from offline.synthetic.samples import sample_of
from offline.synthetic.shards import Shards
from offline.synthetic.triplets import photograph
from offline.synthetic.world import World
from offline.training.augment import Sample
from offline.training.config import Data, DatasetData, ShardData, SyntheticData
from offline.training.dataset_source import open_dataset

Named = tuple[Sample, str]


class Source(Protocol):
    """Samples by index: the same index always gives the same sample."""

    @property
    def shuffled(self) -> bool:
        """Whether its order should be drawn anew in each pass."""
        ...

    @property
    def late(self) -> bool:
        """Whether ``finish`` makes the samples, not ``begin``."""
        ...

    def __len__(self) -> int:
        """Return the number of samples."""
        ...

    def begin(self, index: int) -> Any:  # noqa: ANN401  # the source's own
        """Return what can be made of a sample in a worker, ready to be pickled."""
        ...

    def finish(self, begun: Sequence[Any]) -> list[Named]:
        """Return the samples of a batch with their names."""
        ...


class Stored(Protocol):
    """Samples that are ready when they are read."""

    def __len__(self) -> int:
        """Return the number of samples."""
        ...

    def __getitem__(self, index: int) -> Named:
        """Return a sample and its name."""
        ...


@dataclass(frozen=True)
class StoredSource:
    """Samples that workers read whole.

    Attributes:
        samples: to be read.
    """

    samples: Stored

    shuffled = True
    late = False

    def __len__(self) -> int:
        return len(self.samples)

    def begin(self, index: int) -> Named:
        """Read a sample."""
        return self.samples[index]

    def finish(self, begun: Sequence[Named]) -> list[Named]:
        """Return what was read."""
        return list(begun)


@dataclass(frozen=True)
class SyntheticSource:
    """A world for each seed; on a GPU, workers make the worlds and the GPU draws them.

    Attributes:
        settings: of worlds and sensors.
        seeds: of the worlds.
        device: that draws.
    """

    settings: SyntheticData
    seeds: range
    device: torch.device

    shuffled = False  # neighbouring seeds have nothing in common

    @property
    def late(self) -> bool:
        """Whether a GPU draws."""
        return self.device.type == "cuda"

    def __len__(self) -> int:
        return len(self.seeds)

    def begin(self, index: int) -> World | Named:
        """Make the world and, on a CPU, draw it."""
        world = make_world(self.seeds[index], self.settings.world)
        return world if self.late else self._drawn([world])[0]

    def finish(self, begun: Sequence[Any]) -> list[Named]:
        """Draw what is not drawn yet."""
        return self._drawn(begun) if self.late else list(begun)

    @torch.no_grad()
    def _drawn(self, worlds: Sequence[World]) -> list[Named]:
        rendered = render(worlds, device=self.device, samples=self.settings.rays)
        triplets = photograph(rendered, self.settings.sensor)
        mode = self.settings.world.mode
        return [
            (sample_of(triplets, index), f"{mode} {world.seed}")
            for index, world in enumerate(worlds)
        ]


@dataclass(frozen=True)
class _ShardSamples:
    shards: Shards
    names: Collection[str] | None

    def __len__(self) -> int:
        return len(self.shards)

    def __getitem__(self, index: int) -> Named:
        return self.shards.read(index, self.names), self.shards.name(index)


def open_source(
    data: Data,
    device: torch.device,
    roles: Sequence[str],
    names: Collection[str] | None = None,
) -> Source:
    """Return the source that a configuration names.

    Args:
        data: its settings.
        device: that training runs on.
        roles: images that each sample must have.
        names: of the tensors that are read; shards leave the others alone. None: all are.

    Raises:
        OSError, ValueError: naming what is missing or cannot be read.
    """
    if data.source == "synthetic":
        synthetic = cast(SyntheticData, data)
        return SyntheticSource(synthetic, seeds_of(synthetic.seeds), device)
    if data.source == "shards":
        return StoredSource(_ShardSamples(Shards(Path(cast(ShardData, data).folder)), names))
    return StoredSource(open_dataset(cast(DatasetData, data), roles))


def seeds_of(text: str) -> range:
    """Return the seeds of ``FIRST-LAST``.

    Raises:
        ValueError: for other text, or a last one below the first.
    """
    first, _, last = text.partition("-")
    if not (first.isdigit() and last.isdigit() and int(first) <= int(last)):
        raise ValueError(f"seeds must be FIRST-LAST, such as 0-899999, got {text!r}")
    return range(int(first), int(last) + 1)
