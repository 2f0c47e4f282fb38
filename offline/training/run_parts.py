"""What a run is put together from, out of its configuration."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, cast

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments.torchelastic import TorchElasticEnvironment
from lightning_fabric.strategies.ddp import DDPStrategy
from torch.optim import Adam, AdamW, Optimizer

from offline.sharding import Shard
from offline.training.config import TrainConfig
from offline.training.loader import Loader, Preparation
from offline.training.mixing import Mixture
from offline.training.recipe import Recipe
from offline.training.sources import Source, open_source
from scene_perception.engines.build import resolve_device

_RIGHT = {"right", "next_right"}
BASE = "base_lr"  # of a parameter group, before the schedule


def make_fabric(config: TrainConfig, share: Shard) -> Fabric:
    """Return Fabric for one process, or for those that ``torchrun`` has started.

    Raises:
        ValueError: for a device that is not there or cannot do the precision, or a batch that
            cannot be dealt to the processes.
    """
    device = resolve_device(config.device)
    if config.precision == "16-mixed" and device == "cpu":
        raise ValueError("precision 16-mixed must run on a GPU, got cpu; bf16-mixed runs on both")
    if config.batch_size % share.world:
        raise ValueError(
            f"batch_size must be a multiple of the {share.world} processes, got {config.batch_size}"
        )
    if share.world == 1:
        return Fabric(accelerator=device, devices=1, precision=cast(Any, config.precision))
    environment = TorchElasticEnvironment()
    local = int(os.environ.get("LOCAL_WORLD_SIZE", share.world))
    strategy = DDPStrategy(
        cluster_environment=environment,
        # Validation and messages go between the processes' memories, gradients between GPUs.
        process_group_backend="gloo" if device == "cpu" else "cpu:gloo,cuda:nccl",
        find_unused_parameters=True,
    )
    return Fabric(
        accelerator=device,
        devices=local,
        num_nodes=share.world // local,
        strategy=strategy,
        precision=cast(Any, config.precision),
    )


def make_optimizer(recipe: Recipe, config: TrainConfig) -> Optimizer:
    """Return the optimiser of what a recipe trains."""
    chosen = config.optimizer
    kind: type[Adam] | type[AdamW] = {"adam": Adam, "adamw": AdamW}[chosen.name]
    groups = recipe.parameter_groups(chosen.learning_rate)
    for group in groups:
        group[BASE] = group["lr"]
    betas = (chosen.beta1, chosen.beta2)
    return kind(groups, betas=betas, weight_decay=chosen.weight_decay)


def make_loader(
    recipe: Recipe,
    config: TrainConfig,
    device: torch.device,
    share: Shard,
    sources: Sequence[Source] | None = None,
) -> Loader:
    """Return the batches of a run.

    Args:
        recipe: that reads them.
        config: names the sources.
        device: that the batches are for.
        share: of this process.
        sources: instead of those that ``config`` names, one for each.

    Raises:
        OSError, ValueError: for a source that cannot be read, or a name that no source gives.
    """
    data = [one for one in config.data if one.weight > 0]
    names = None if recipe.welcome is None else {"current", *recipe.needs, *recipe.welcome}
    opened = sources or [open_source(one, device, recipe.needs, names) for one in data]
    weights = [one.weight for one in data][: len(opened)]
    loader = Loader(
        Mixture(opened, weights, config.batch_size, config.seed),
        Preparation(
            config.augmentation,
            (config.height, config.width),
            bool(_RIGHT & set(recipe.needs)),
            config.seed,
        ),
        device,
        config.workers,
        share.rank,
        share.world,
    )
    _require_names(recipe, config, loader)
    return loader


def _require_names(recipe: Recipe, config: TrainConfig, loader: Loader) -> None:
    names = loader.names()
    known = frozenset().union(*names)
    missing = [name for name in recipe.needs if name not in known]
    if missing:
        told = "; ".join(
            f"{data.source} gives {', '.join(sorted(given))}"
            for data, given in zip(config.data, names, strict=False)
        )
        raise ValueError(f"data for {config.recipe} must have {', '.join(missing)}; {told}")
