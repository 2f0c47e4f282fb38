"""Whether a recipe gives several processes with a part of the batch the gradient of one with all.

What it takes: means over the batch by ``losses.reductions.mean_over``, statistics of the batch
by ``SyncedBatchNorm``, nothing with a gradient outside ``forward``.
"""

from __future__ import annotations

import multiprocessing
import pickle
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel

from offline.training.batch import Batch
from offline.training.forward import Forward, share_of
from offline.training.recipe import Progress, Recipe

_START = Progress(step=0, steps=1, epoch=0)
_PATIENCE_S = 120.0
# A gradient below this share of the whole one's is judged as if it were that large: a bias before
# a batch norm has none but rounding.
_SMALL = 1e-2


@dataclass(frozen=True)
class Failure:
    """What a process says that could not do its work."""

    told: str


@dataclass(frozen=True)
class Step:
    """What one forward and backward pass leaves behind.

    Attributes:
        terms: loss terms.
        gradients: of each parameter that has one.
        buffers: of the recipe, such as running statistics.
    """

    terms: Mapping[str, Tensor]
    gradients: Mapping[str, Tensor]
    buffers: Mapping[str, Tensor]


def step_alone(recipe: Recipe, batch: Batch, progress: Progress = _START) -> Step:
    """Return what the whole batch gives in this process; the recipe's gradients are replaced."""
    recipe.zero_grad(set_to_none=True)
    terms = recipe(batch, progress)
    torch.autograd.backward(torch.stack(list(terms.values())).sum())
    return _step(recipe, terms)


def difference(one: Step, several: Step, tolerance: float = 1e-4) -> str:
    """Say in words where two steps differ, or return an empty string.

    Args:
        one: what is right.
        several: what is compared with it.
        tolerance: of a gradient's difference, relative to its length.
    """
    for name, value in one.terms.items():
        if not torch.allclose(several.terms[name], value, rtol=tolerance, atol=1e-6):
            return f"term {name} must be {value:.7g}, got {several.terms[name]:.7g}"
    if one.gradients.keys() != several.gradients.keys():
        odd = sorted(one.gradients.keys() ^ several.gradients.keys())
        return f"the same parameters must have gradients, {odd[:3]} have one in one case only"
    whole = torch.stack([value.norm() for value in one.gradients.values()]).norm()
    for name, value in one.gradients.items():
        error = (several.gradients[name] - value).norm() / max(value.norm(), _SMALL * whole)
        if not error <= tolerance:
            return f"gradient of {name} must agree within {tolerance:g}, differs by {error:.3g}"
    for name, value in one.buffers.items():
        if not torch.allclose(several.buffers[name], value, rtol=tolerance, atol=1e-5):
            return f"buffer {name} must be the same in both cases, it is not"
    return ""


class Processes:
    """Processes that stay for several checks, as starting one takes seconds.

    Args:
        count: of processes.
    """

    def __init__(self, count: int = 2) -> None:
        self._count = count

    def __enter__(self) -> Processes:
        context = multiprocessing.get_context("spawn")
        self._cleanup = ExitStack()
        folder = self._cleanup.enter_context(tempfile.TemporaryDirectory())
        self._pipes: list[Connection] = []
        self._processes: list[BaseProcess] = []
        for rank in range(self._count):
            ours, theirs = context.Pipe()
            arguments = (rank, self._count, str(Path(folder) / "meeting"), theirs)
            process = context.Process(target=_serve, args=arguments, daemon=True)
            process.start()
            theirs.close()
            self._pipes.append(ours)
            self._processes.append(process)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.join(_PATIENCE_S)
        self._cleanup.close()

    def step(self, recipe: Recipe, batch: Batch, progress: Progress = _START) -> Step:
        """Return what the processes give together, each with its share of the batch.

        Raises:
            OSError: if a process ended or failed, with what it said.
        """
        first: Step = self.run(_step_together, recipe, batch, progress)
        return first

    def run(self, work: Callable[..., Any], *arguments: object) -> Any:  # noqa: ANN401  # work's
        """Return what ``work(rank, count, *arguments)`` returns in the first process.

        Raises:
            OSError: as ``step``.
        """
        for pipe in self._pipes:
            pipe.send_bytes(pickle.dumps((work, arguments)))
        answers = [self._answer(pipe) for pipe in self._pipes]
        for answer in answers:
            if isinstance(answer, Failure):
                raise OSError(f"a process of the check failed: {answer.told}")
        return answers[0]

    def _answer(self, pipe: Connection) -> object:
        try:
            if pipe.poll(_PATIENCE_S):
                return pickle.loads(pipe.recv_bytes())
        except EOFError:
            return Failure("it ended")
        return Failure(f"no answer within {_PATIENCE_S:g} s")


def _serve(rank: int, count: int, meeting: str, pipe: Connection) -> None:
    """Work on what comes through the pipe until it is closed."""
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{meeting}", rank=rank, world_size=count)
    try:
        while (asked := _asked(pipe)) is not None:
            work, arguments = asked
            pipe.send_bytes(pickle.dumps(_tried(work, rank, count, *arguments)))
    finally:
        dist.destroy_process_group()


def _asked(pipe: Connection) -> tuple[Callable[..., object], tuple[object, ...]] | None:
    """Return the next work and its arguments; None when the other end is closed."""
    try:
        asked: tuple[Callable[..., object], tuple[object, ...]] = pickle.loads(pipe.recv_bytes())
    except EOFError:
        return None
    return asked


def _tried(work: Callable[..., object], *arguments: object) -> object:
    try:
        return work(*arguments)
    except Exception as error:  # noqa: BLE001  # told by the process that asked
        return Failure(f"{type(error).__name__}: {error}")


def _step_together(rank: int, count: int, recipe: Recipe, batch: Batch, progress: Progress) -> Step:
    """Return what all processes give together, each with its share of the batch."""
    own = share_of(batch, rank, count)
    together = DistributedDataParallel(Forward(recipe, count), find_unused_parameters=True)
    made = (progress.step, progress.steps, progress.epoch)
    terms = together(dict(own.tensors), own.names, made)
    torch.autograd.backward(torch.stack(list(terms.values())).sum())
    return _step(recipe, {name: _average(term.detach(), count) for name, term in terms.items()})


def _average(value: Tensor, count: int) -> Tensor:
    total = value.clone()
    dist.all_reduce(total)
    return total / count


def _step(recipe: Recipe, terms: Mapping[str, Tensor]) -> Step:
    return Step(
        {name: term.detach().clone() for name, term in terms.items()},
        {
            name: parameter.grad.clone()
            for name, parameter in recipe.named_parameters()
            if parameter.grad is not None
        },
        {name: buffer.clone() for name, buffer in recipe.named_buffers()},
    )
