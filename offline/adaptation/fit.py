"""The fine-tuning itself: two recipes without labels, statistics as they are, the best is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor

from offline.adaptation.footage import Footage
from offline.adaptation.parts import Parts
from offline.adaptation.scores import photometric
from offline.training.batch import Batch
from offline.training.recipe import Progress, Recipe
from offline.training.recipes import omeganet_depth, omeganet_flow
from offline.training.recipes.omeganet_depth import OmegaNetDepthRecipe
from offline.training.recipes.omeganet_flow import OmegaNetFlowRecipe
from scene_perception.models.omeganet import OmegaNet
from scene_perception.settings import setting

_FLOW = "sd_ofnet."
State = dict[str, Tensor]


@dataclass(frozen=True)
class AdaptSettings:
    """How long and how fast."""

    steps: int = setting(300, "optimiser steps", minimum=1)
    batch_size: int = setting(2, "triplets in a step", minimum=1)
    learning_rate: float = setting(1e-4, "of Adam, for depth, camera and flow", minimum=0)
    checks: int = setting(10, "times that the error is looked at to keep the best", minimum=1)
    clip_norm: float = setting(1.0, "longest gradient", minimum=0)
    learned_intrinsics: bool = setting(False, "intrinsics are CameraNet's, not the recording's")
    seed: int = setting(0, "of the order and of mirroring", minimum=0)


def fit(
    weights: str,
    footage: Footage,
    parts: Parts,
    settings: AdaptSettings,
    report: Callable[[str], None],
) -> OmegaNet:
    """Return the network of ``weights``, fine-tuned.

    What it says of the classes at the start stays its aim, since depth and classes share layers.
    Depth and camera, and flow, are each those of the step at which the choosing part's
    photometric error was smallest; that may be the start.

    Args:
        weights: file of an OmegaNet.
        footage: the recording.
        parts: of the recording.
        settings: how long and how fast.
        report: told one line at each check.

    Raises:
        FileNotFoundError, ValueError: for weights that cannot be read, or a loss that is not
            finite.
    """
    recipes = _recipes(weights, settings, footage.device)
    network = recipes[0].network
    cast(Any, network).to(memory_format=torch.channels_last)  # the faster layout
    labels = _labels(network, footage, parts.learnt.middles)
    trained = [p for recipe in recipes for p in recipe.parameters() if p.requires_grad]
    trained = list(dict.fromkeys(trained))  # the flow network is in both
    optimizer = torch.optim.Adam(trained, settings.learning_rate)
    best = _Best(network, footage, parts.choosing.middles)
    every = max(1, settings.steps // settings.checks)
    for step, middles in enumerate(_orders(parts.learnt.middles, settings)):
        batch = _batch(footage, middles, labels, mirrored=step % 2 == 1)
        optimizer.zero_grad()
        _fill_gradients(recipes, batch, Progress(step, settings.steps, 0))
        torch.nn.utils.clip_grad_norm_(trained, settings.clip_norm)
        optimizer.step()
        if (step + 1) % every == 0 or step + 1 == settings.steps:
            best.look()
            report(f"step {step + 1} of {settings.steps}: {best}")
    best.restore()
    return network


class _Best:
    """The best weights so far by the photometric error of some frames."""

    def __init__(self, network: OmegaNet, footage: Footage, middles: Sequence[int]) -> None:
        self._network, self._footage, self._middles = network, footage, middles
        self._errors = {"views": float("inf"), "flow": float("inf")}
        self._states: dict[str, State] = {}
        self.look()

    def __str__(self) -> str:
        told = ", ".join(f"{name} {error:.4f}" for name, error in self._errors.items())
        return f"best photometric errors {told}"

    def look(self) -> None:
        """Measure, and keep what is better than before."""
        found = photometric(self._network, self._footage, self._middles)
        for name, error in (("views", found.views), ("flow", found.flow)):
            if error < self._errors[name] or not self._states.get(name):
                self._errors[name] = error
                self._states[name] = self._state(name)

    def restore(self) -> None:
        """Give the network its best weights."""
        self._network.load_state_dict(self._states["views"] | self._states["flow"])

    def _state(self, name: str) -> State:
        return {
            key: tensor.clone()
            for key, tensor in self._network.state_dict().items()
            if key.startswith(_FLOW) == (name == "flow")
        }


def _recipes(
    weights: str, settings: AdaptSettings, device: str
) -> tuple[OmegaNetDepthRecipe, OmegaNetFlowRecipe]:
    """Return both recipes round one network, with batch norm's statistics as they are."""
    intrinsics = "learned" if settings.learned_intrinsics else "given"
    depth = OmegaNetDepthRecipe(omeganet_depth.Settings(weights=weights, intrinsics=intrinsics))
    flow = OmegaNetFlowRecipe(
        omeganet_flow.Settings(weights=weights, occlusion_from=0.0, both_ends=False)
    )
    depth.eval()
    flow.eval()
    depth.network.sd_ofnet = flow.network.sd_ofnet
    return depth.to(device), flow.to(device)


@torch.no_grad()
def _labels(network: OmegaNet, footage: Footage, middles: Sequence[int]) -> Mapping[int, Tensor]:
    """Return what the network says of the classes of each frame. # (H, W) uint8."""
    return {i: network.dsnet(footage.batch([i])["current"]).labels[0] for i in middles}


def _orders(middles: Sequence[int], settings: AdaptSettings) -> Iterator[list[int]]:
    """Yield the triplets of each step: every one comes once before any comes again."""
    generator = torch.Generator().manual_seed(settings.seed)
    waiting: list[int] = []
    for _ in range(settings.steps):
        while len(waiting) < settings.batch_size:
            order = torch.randperm(len(middles), generator=generator).tolist()
            waiting += [middles[i] for i in order]
        yield [waiting.pop(0) for _ in range(settings.batch_size)]


def _batch(
    footage: Footage, middles: list[int], labels: Mapping[int, Tensor], *, mirrored: bool
) -> Batch:
    """Return triplets with labels; mirrored ones double what is learnt from."""
    batch = footage.batch(middles)
    tensors = {**batch.tensors, "labels": torch.stack([labels[i] for i in middles])}
    if mirrored:
        flipped = {n: t.flip(-1) for n, t in tensors.items() if n != "intrinsics"}
        tensors = {**tensors, **flipped}
    if mirrored and "intrinsics" in tensors:
        intrinsics = tensors["intrinsics"].clone()
        intrinsics[:, 0, 2] = tensors["current"].shape[3] - 1 - intrinsics[:, 0, 2]
        tensors["intrinsics"] = intrinsics
    return Batch(tensors, batch.names)


def _fill_gradients(recipes: Sequence[Recipe], batch: Batch, progress: Progress) -> None:
    """Add the gradients of all recipes' losses.

    Raises:
        ValueError: naming the terms and the frames, for a loss that is not finite.
    """
    for recipe in recipes:
        terms = recipe(batch, progress)
        loss = torch.stack(list(terms.values())).sum()
        if not bool(torch.isfinite(loss)):
            told = ", ".join(f"{name} {float(term):g}" for name, term in terms.items())
            raise ValueError(
                f"loss must be finite, got {told} at step {progress.step} of "
                f"{', '.join(batch.names)}; take a smaller --learning-rate"
            )
        torch.autograd.backward(loss)
