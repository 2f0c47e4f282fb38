"""One job on several processes or machines: who does what, and how the answers come together.

``torchrun --nproc_per_node=2 -m offline.evaluate ...`` starts the processes. Samples are dealt by
index, and results are put back in the order of the samples, so that nothing depends on how
many processes there were.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar, cast

import torch
import torch.distributed as dist

# The others wait this long for the slowest; one that ended is noticed at once.
_PATIENCE = timedelta(days=1)

Item = TypeVar("Item")


@dataclass(frozen=True)
class Shard:
    """This process's share.

    Attributes:
        rank: number of the process, from 0.
        world: number of processes.

    Raises:
        ValueError: for a rank that is not below ``world``.
    """

    rank: int = 0
    world: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.rank < self.world:
            raise ValueError(f"rank must be 0 ... world - 1, got {self.rank} of {self.world}")

    @property
    def is_first(self) -> bool:
        """Whether this process speaks for all."""
        return self.rank == 0

    def indices(self, count: int) -> range:
        """Return which of ``count`` samples are this process's."""
        return range(self.rank, count, self.world)

    def gather(self, own: Sequence[tuple[int, Item]]) -> list[tuple[int, Item]] | None:
        """Return every process's ``(index, item)`` in the order of the indices, on the first.

        Needs ``joined()`` around it where there are several processes; None on all but the first.

        Raises:
            OSError: if another process has ended.
        """
        if self.world == 1:
            return sorted(own, key=_index)
        parts: list[Sequence[tuple[int, Item]]] | None = (
            [[] for _ in range(self.world)] if self.is_first else None
        )
        with _others_needed():
            dist.gather_object(list(own), parts)
        if parts is None:
            return None
        return sorted((pair for part in parts for pair in part), key=_index)

    def told(self, value: Item | None) -> Item:
        """Return the first process's ``value``, on every process; otherwise as ``gather``."""
        box = [value]
        if self.world > 1:
            with _others_needed():
                dist.broadcast_object_list(box)
        return cast(Item, box[0])


def shard() -> Shard:
    """Return this process's share, from what ``torchrun`` puts into the environment.

    Raises:
        ValueError: for an environment with half of it, or with anything but numbers.
    """
    found = {name: os.environ.get(name) for name in ("RANK", "WORLD_SIZE")}
    if found["RANK"] is None and found["WORLD_SIZE"] is None:
        return Shard()
    try:
        return Shard(int(found["RANK"] or ""), int(found["WORLD_SIZE"] or ""))
    except ValueError as error:
        raise ValueError(
            "environment must have RANK and WORLD_SIZE as torchrun sets them, "
            f"got {found['RANK']!r} and {found['WORLD_SIZE']!r}"
        ) from error


@contextmanager
def joined(share: Shard) -> Iterator[None]:
    """Connect the processes for ``Shard.gather``; a single one needs no connection."""
    if share.world == 1:
        yield
        return
    _take_own_gpu()
    dist.init_process_group("gloo", timeout=_PATIENCE)
    try:
        yield
    finally:
        dist.destroy_process_group()


def _take_own_gpu() -> None:
    """Let this process see one GPU of its machine, unless it has chosen among them already."""
    count = torch.cuda.device_count()
    if "LOCAL_RANK" not in os.environ or count < 2:
        return
    known = os.environ.get("CUDA_VISIBLE_DEVICES") or ",".join(map(str, range(count)))
    os.environ["CUDA_VISIBLE_DEVICES"] = known.split(",")[int(os.environ["LOCAL_RANK"]) % count]


@contextmanager
def _others_needed() -> Iterator[None]:
    """Say in words what the connection reports as a broken socket."""
    try:
        yield
    except RuntimeError as error:
        raise OSError(
            "every process must stay until the results are together, another one has ended; its "
            "own message says why"
        ) from error


def _index(pair: tuple[int, object]) -> int:
    return pair[0]
