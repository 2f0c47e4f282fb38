"""The training loop: steps, averages, logs, validation, states; resumed to the exact step."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, cast

import torch
from lightning_fabric import Fabric
from torch import Tensor
from tqdm import tqdm

from offline.sharding import Shard, shard
from offline.training.batch import Batch
from offline.training.checkpoint import (
    BEST,
    CONFIG,
    LAST,
    State,
    decisive,
    read_state,
    write_state,
    write_weights,
)
from offline.training.config import TrainConfig, config_text
from offline.training.divergence import require_finite
from offline.training.ema import Average
from offline.training.forward import Forward
from offline.training.history import Slice, append, hardware
from offline.training.recipe import Recipe
from offline.training.registry import recipe_entry
from offline.training.run_parts import BASE, make_fabric, make_loader, make_optimizer
from offline.training.schedules import factor
from offline.training.seeding import seed_of
from offline.training.sources import Source
from offline.training.stopping import Stopping
from offline.training.tracking import Tracking
from offline.training.validation import error_of, tasks_of, validate
from offline.whole_files import require_writable, write_whole
from scene_perception.allocator import keep_freed_tensors

_LEAST_SCALE = 1.0  # of half precision's loss: below it gradients are not finite at any scale


@dataclass(frozen=True)
class Outcome:
    """How far a run has come.

    Attributes:
        step: steps made.
        finished: whether these are all.
        folder: that holds state and weights.
        figures: of the last validation in this slice, on the first process.
    """

    step: int
    finished: bool
    folder: Path
    figures: Mapping[str, float]


def train(
    config: TrainConfig,
    *,
    slice_s: float | None = None,
    sources: Sequence[Source] | None = None,
) -> Outcome:
    """Train until the end, the end of the slice or a signal; go on from the folder's state.

    Args:
        config: of the run.
        slice_s: seconds after which the step in progress is the last one of this call.
        sources: instead of those that ``config`` names, one for each.

    Raises:
        Diverged: for a loss or gradient that is not finite; the last state stays.
        OSError, ValueError: for what cannot be read or written, or settings that do not fit.
    """
    share = shard()
    fabric = make_fabric(config, share)
    if fabric.device.type == "cpu":
        keep_freed_tensors()
    fabric.launch()
    with Stopping(slice_s, fabric.device) as stopping:
        return _Run(config, fabric, share, sources).go(stopping)


class _Run:
    """One slice of a run."""

    def __init__(
        self,
        config: TrainConfig,
        fabric: Fabric,
        share: Shard,
        sources: Sequence[Source] | None,
    ) -> None:
        self._config, self._fabric, self._share = config, fabric, share
        self._folder = Path(config.output)
        if share.is_first:
            require_writable(self._folder)
        state = read_state(self._folder, config)
        torch.manual_seed(seed_of(config.seed, "start"))
        self._recipe: Recipe = recipe_entry(config.recipe).build(config.settings)
        # Convolutions are fastest so, on CPUs and on GPUs' half-precision units.
        cast(Any, self._recipe).to(memory_format=torch.channels_last)
        self._loader = make_loader(self._recipe, config, fabric.device, share, sources)
        optimizer = make_optimizer(self._recipe, config)
        self._module, self._optimizer = fabric.setup(Forward(self._recipe, share.world), optimizer)
        self._average = Average(self._recipe, config.ema_decay)
        self._step = 0
        self._best: float | None = None
        self._gradient = 0.0
        self._figures: dict[str, float] = {}
        if state is not None:
            self._take(state)
        self._recipe.train()

    def go(self, stopping: Stopping) -> Outcome:
        """Make steps until it is time to stop."""
        config, share = self._config, self._share
        if share.is_first:
            write_whole({self._folder / CONFIG: config_text(config).encode()})
        started = self._told = (self._step, time.perf_counter())
        tracking = Tracking(self._folder / "log", self._step, enabled=share.is_first)
        with tracking, self._bar() as bar:
            for batch in self._loader.batches(self._step, config.steps):
                terms = self._train_on(batch)
                self._step += 1
                self._tell(terms, batch, tracking, bar)
                if self._step % config.steps_per_epoch == 0:
                    self._recipe.finish_epoch(self._step // config.steps_per_epoch - 1)
                stop = stopping.now()
                self._keep(tracking, stop=stop)
                if stop:
                    break
        if share.is_first and self._step > started[0]:
            append(self._folder, self._slice(started))
        return Outcome(self._step, self._step >= config.steps, self._folder, self._figures)

    def _slice(self, started: tuple[int, float]) -> Slice:
        """Return what this call has done since then, for the model card."""
        first, then = started
        return Slice(
            date=datetime.now(timezone.utc).date().isoformat(),
            first_step=first,
            last_step=self._step,
            seconds=time.perf_counter() - then,
            hardware=hardware(self._fabric.device.type),
            torch=str(torch.__version__),
            processes=self._share.world,
        )

    def _bar(self) -> tqdm[Any]:
        return tqdm(
            desc=self._config.recipe,
            total=self._config.steps,
            initial=self._step,
            unit="step",
            disable=not self._share.is_first,
        )

    def _train_on(self, batch: Batch) -> dict[str, float]:
        """Make one step and return the loss terms of this process."""
        config, step = self._config, self._step
        # Whatever a recipe draws follows from the step: there is no random state to be resumed.
        torch.manual_seed(seed_of(config.seed, "step", step, self._share.rank))
        rate = factor(config.schedule, step, config.steps)
        for group in self._optimizer.param_groups:
            group["lr"] = group[BASE] * rate
        self._optimizer.zero_grad(set_to_none=True)
        made = (step, config.steps, step // config.steps_per_epoch)
        terms = self._module(dict(batch.tensors), batch.names, made)
        self._fabric.backward(torch.stack(list(terms.values())).sum())
        length = self._fabric.clip_gradients(
            self._module,
            self._optimizer,
            max_norm=config.optimizer.clip_norm or math.inf,
            error_if_nonfinite=False,
        )
        *values, self._gradient = torch.stack([*terms.values(), _required(length)]).tolist()
        told = dict(zip(terms, values, strict=True))
        require_finite(told, self._gradient if self._gradient_counts() else None, step, batch.names)
        self._optimizer.step()
        self._average.update(step)
        return told

    def _gradient_counts(self) -> bool:
        """Return whether a gradient must be finite: half precision lowers its scale first."""
        scaler = self._scaler()
        return scaler is None or scaler.get_scale() < _LEAST_SCALE

    def _scaler(self) -> Any:  # noqa: ANN401  # torch.amp.GradScaler or None
        return getattr(self._fabric.strategy.precision, "scaler", None)

    def _tell(
        self, terms: Mapping[str, float], batch: Batch, tracking: Tracking, bar: tqdm[Any]
    ) -> None:
        config, step = self._config, self._step
        if step % config.log_every == 0 or step == config.steps:
            values = torch.tensor(list(terms.values()), device=self._fabric.device)
            mean = cast(Tensor, self._fabric.all_reduce(values, reduce_op="mean")).tolist()
            since, then = self._told
            self._told = (step, time.perf_counter())
            speed = (step - since) * config.batch_size / (self._told[1] - then)
            tracking.scalars(
                {
                    **{f"loss/{name}": value for name, value in zip(terms, mean, strict=True)},
                    "loss": sum(mean),
                    "gradient": self._gradient,
                    "learning_rate": self._optimizer.param_groups[0]["lr"],
                    "samples_per_s": speed,
                },
                step,
            )
            bar.set_postfix(loss=f"{sum(mean):.4g}", refresh=False)
        if config.pictures_every and step % config.pictures_every == 0 and self._share.is_first:
            tracking.pictures(self._pictures(batch), step)
        bar.update()

    @torch.no_grad()
    def _pictures(self, batch: Batch) -> dict[str, Tensor]:
        self._recipe.eval()
        try:
            return self._recipe.pictures(batch)
        finally:
            self._recipe.train()

    def _keep(self, tracking: Tracking, *, stop: bool) -> None:
        """Validate and write what is due after a step."""
        config, step = self._config, self._step
        done = step == config.steps
        measured = bool(tasks_of(self._recipe, config))
        validated = measured and (done or step % config.validation.every == 0)
        if validated:
            self._validate(tracking)
        due = stop or done or validated or step % config.checkpoint_every == 0
        if due and self._share.is_first:
            self._write(LAST)
            write_state(self._folder, self._state())

    def _validate(self, tracking: Tracking) -> None:
        figures = validate(
            self._recipe,
            self._average,
            self._config,
            step=self._step,
            share=self._share,
            device=self._fabric.device.type,
        )
        if figures is None:
            return
        error = error_of(figures)
        self._figures = {**figures, "error": error}
        tracking.scalars(
            {f"validation/{name}": value for name, value in self._figures.items()}, self._step
        )
        if self._best is None or error < self._best:
            self._best = error
            self._write(BEST)

    def _write(self, name: str) -> None:
        path = self._folder / name
        write_weights(path, self._recipe, self._average, self._step, self._config.recipe)

    def _state(self) -> State:
        scaler = self._scaler()
        return State(
            step=self._step,
            config=decisive(self._config),
            recipe=self._recipe.state_dict(),
            optimizer=self._optimizer.state_dict(),
            average=self._average.state_dict(),
            scaler={} if scaler is None else scaler.state_dict(),
            best=self._best,
        )

    def _take(self, state: State) -> None:
        self._step, self._best = state.step, state.best
        self._recipe.load_state_dict(dict(state.recipe))
        self._optimizer.load_state_dict(dict(state.optimizer))
        self._average.load_state_dict(state.average)
        scaler = self._scaler()
        if scaler is not None and state.scaler:
            scaler.load_state_dict(dict(state.scaler))


def _required(length: Tensor | None) -> Tensor:
    if length is None:
        raise ValueError("gradient must have a length, Fabric gave none")
    return length
