"""Training from exact truth: OmegaNet or DWARF, each task with its weight.

A batch trains the tasks whose truth it has, and a sample without some of it is left out of that
term, so that sources with different truth mix. Depth is learned up to a scale; poses are told in
its unit.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from offline.training import supervised_terms as terms
from offline.training.batch import Batch
from offline.training.dwarf_motions import initialized_dwarf, motions
from offline.training.growth import finest_level, join_levels, require_growth
from offline.training.initialization import INITIALIZATIONS, set_momentum
from offline.training.omeganet_start import initialized_omeganet
from offline.training.pictures import omeganet_pictures, scene_flow_pictures
from offline.training.recipe import Progress, Recipe
from scene_perception.checkpoints.weights import fill, load_model
from scene_perception.models.dsnet import DSNetPrediction
from scene_perception.models.dwarf import DWARF
from scene_perception.models.layers import BatchNorm
from scene_perception.models.omeganet import OmegaNet
from scene_perception.settings import check, setting

_MONO = ("previous", "current", "next")
_STEREO = ("current", "right", "next", "next_right")
# Task -> the truth that it cannot do without.
_TRUTH = {
    "depth": ("depth",),
    "semantics": ("labels",),
    "flow": ("flow_forward", "flow_forward_known"),
    "ego_motion": ("depth", "next_from_current"),
    "intrinsics": ("intrinsics",),
    "motion": ("depth", "intrinsics", "next_from_current"),
    "scene_flow": tuple(
        f"{name}{ending}"
        for name in ("disparity", "next_disparity", "flow_forward")
        for ending in ("", "_known")
    ),
}
_WELCOME = ("labels", "flow_backward", "flow_backward_known", "previous_from_current")
_OF_DWARF = ("scene_flow",)
_SINGLE = ("depth", "semantics")
_IN_UNITS = {"ego_motion", "motion"}
_CAMERA = {"intrinsics", *_IN_UNITS}
# Tasks of ``offline.evaluation`` by ours. Poses are scored along a drive: triplets have none, a
# run that is measured on a drive names them in ``validation.tasks``.
_SCORED = {
    "depth": "depth",
    "semantics": "semantics",
    "flow": "flow",
    "motion": "motion",
    "scene_flow": "scene_flow",
}


@dataclass(frozen=True)
class Tasks:
    """Weight of each task; 0 leaves it out."""

    depth: float = setting(1.0, "weight of depth up to a scale (omeganet)", minimum=0)
    semantics: float = setting(1.0, "weight of the labels' cross-entropy (omeganet)", minimum=0)
    flow: float = setting(0.2, "weight of flow's end-point error, px (omeganet)", minimum=0)
    ego_motion: float = setting(1.0, "weight of both poses' errors (omeganet)", minimum=0)
    intrinsics: float = setting(1.0, "weight of K's relative error (omeganet)", minimum=0)
    motion: float = setting(
        1.0, "weight of the relative error of the flow that the camera's motion explains "
        "(omeganet)", minimum=0,
    )  # fmt: skip
    scene_flow: float = setting(
        0.0, "weight of disparity's, next disparity's and flow's end-point errors, px (dwarf)",
        minimum=0,
    )  # fmt: skip


@dataclass(frozen=True)
class Settings:
    """What is trained, and from which weights on."""

    network: str = setting("omeganet", "which network is trained", choices=("omeganet", "dwarf"))
    tasks: Tasks = field(default_factory=Tasks)
    flow_exponent: float = setting(
        1.0, "of end-point errors; less than 1 makes outliers count less", minimum=0.1, maximum=1.0
    )
    # Measured on 40 steps from random weights: at 0.05 evaluation follows training (cross-entropy
    # 1.97 against 1.89), at 0.01 (2.50) and 0.001 (2.48) it does not. The noise that this adds is
    # averaged out with the weights (``ema_decay``).
    batch_norm_momentum: float = setting(
        0.05, "share of a batch in the running statistics (published: 0.001)",
        minimum=1e-4, maximum=1.0,
    )  # fmt: skip
    grows: tuple[int, ...] = setting(
        (), "steps at which the levels 4, 3 and 2 of flow or scene flow join, as copies of the "
        "coarser ones; empty: all learn from the first step",
    )  # fmt: skip
    weights: str = setting("", "weights to begin with (.safetensors); empty: random ones")
    initialization: str = setting(
        "he",
        "of random weights; the published code has xavier; matching reads costs from the "
        "first step on",
        choices=INITIALIZATIONS,
    )
    seed: int = setting(0, "of random weights", minimum=0)


class SupervisedRecipe(Recipe):
    """The recipe for first weights.

    Args:
        settings: checked.

    Raises:
        OSError, ValueError: for a setting that breaks its rule, a task that the network cannot
            do, no task at all, or weights that cannot be read.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        check(settings)
        require_growth(settings.grows)
        self._weights = _task_weights(settings)
        self._grows = settings.grows
        self._exponent = settings.flow_exponent
        self._model = settings.network
        self.network = _network(settings)
        set_momentum(self.network, BatchNorm, settings.batch_norm_momentum)
        _train_only(self.network, self._weights)
        needed = (name for task in self._weights for name in _needs(task))
        self.needs = tuple(dict.fromkeys(needed))
        self.welcome = _WELCOME
        self.tasks = [_SCORED[task] for task in self._weights if task in _SCORED]

    def forward(self, batch: Batch, progress: Progress) -> dict[str, Tensor]:
        """Return the terms of the tasks, by their names.

        Raises:
            ValueError: for a batch that has the truth of none of them.
        """
        tasks = {task for task in self._weights if all(name in batch for name in _needs(task))}
        if not tasks:
            raise ValueError(
                f"a batch of {batch.names} must have the truth of {' or '.join(self._weights)}, "
                f"it has {', '.join(batch.tensors)}"
            )
        network = self.network
        join_levels(
            network if isinstance(network, DWARF) else network.sd_ofnet, progress.step, self._grows
        )
        finest = finest_level(progress.step, self._grows)
        if isinstance(network, DWARF):
            return self._scene_flow(network, batch, finest)
        found = self._mono(network, batch, tasks, finest)
        return {task: self._weights[task] * term for task, term in found.items()}

    def weights(self) -> Mapping[str, Tensor]:
        """Return the network's state."""
        return self.network.state_dict()

    def weights_metadata(self) -> Mapping[str, str]:
        """Return which model it is and what it has learned."""
        return {"model": self._model, "recipe": "supervised", "tasks": " ".join(self._weights)}

    def pictures(self, batch: Batch) -> dict[str, Tensor]:
        """Return what the network says of the first sample."""
        if isinstance(self.network, DWARF):
            return scene_flow_pictures(self.network, batch)
        return omeganet_pictures(self.network, batch)

    def _scene_flow(self, network: DWARF, batch: Batch, finest: int) -> dict[str, Tensor]:
        left, right, following, next_right = (batch[name] for name in _STEREO)
        said = motions(network, (left, right, following, next_right), finest=finest)
        found = terms.scene_flow_terms(said, batch, self._exponent)
        return {name: self._weights["scene_flow"] * term for name, term in found.items()}

    def _mono(
        self, network: OmegaNet, batch: Batch, tasks: Set[str], finest: int
    ) -> dict[str, Tensor]:
        found: dict[str, Tensor] = {}
        scene = _scene(network, batch["current"], tasks)
        if scene is not None and "depth" in tasks:
            found["depth"] = terms.depth_term(scene, batch)
        if scene is not None and "semantics" in tasks:
            found["semantics"] = terms.semantics_term(scene, batch)
        if "flow" in tasks:
            images = (batch[name] for name in _MONO)
            flow = terms.predict_flow(network.sd_ofnet, *images, finest=finest)
            found["flow"] = terms.flow_term(flow, batch, self._exponent)
        if _CAMERA & tasks:
            found |= _camera(network, scene, batch, tasks)
        return found


def _scene(network: OmegaNet, image: Tensor, tasks: Set[str]) -> DSNetPrediction | None:
    """Run DSNet where a task asks for it or for the unit of its depth."""
    trained = {"depth", "semantics"} & tasks
    if not trained and not _IN_UNITS & tasks:
        return None
    with nullcontext() if trained else torch.no_grad():
        return network.dsnet.decode(network.dsnet.encode(image))


def _camera(
    network: OmegaNet, scene: DSNetPrediction | None, batch: Batch, tasks: Set[str]
) -> dict[str, Tensor]:
    camera = terms.predict_camera(network.camera_net, *(batch[name] for name in _MONO))
    found = {}
    if "intrinsics" in tasks:
        found["intrinsics"] = terms.intrinsics_term(camera, batch)
    if scene is None:
        return found
    units = terms.depth_units(scene, batch)
    if "ego_motion" in tasks:
        found["ego_motion"] = terms.ego_motion_term(camera, batch, units)
    if "motion" in tasks:
        found["motion"] = terms.motion_term(camera, batch, units)
    return found


def _needs(task: str) -> tuple[str, ...]:
    """Return what a batch must have to train a task."""
    images = _STEREO if task in _OF_DWARF else _MONO
    return (*(("current",) if task in _SINGLE else images), *_TRUTH[task])


def _task_weights(settings: Settings) -> dict[str, float]:
    """Return the weights above 0, by task."""
    asked = {task: getattr(settings.tasks, task) for task in _TRUTH}
    chosen = {task: weight for task, weight in asked.items() if weight > 0}
    possible = _OF_DWARF if settings.network == "dwarf" else tuple(_TRUTH.keys() - set(_OF_DWARF))
    wrong = [task for task in chosen if task not in possible]
    if wrong or not chosen:
        raise ValueError(
            f"tasks of {settings.network} must be some of {', '.join(sorted(possible))}, "
            f"got {', '.join(wrong) or 'none'}; give the others the weight 0"
        )
    return chosen


def _network(settings: Settings) -> OmegaNet | DWARF:
    make = initialized_dwarf if settings.network == "dwarf" else initialized_omeganet
    network = make(settings.initialization, settings.seed)
    if settings.weights:
        path = Path(settings.weights)
        fill(network, load_model(path, (settings.network,)), path)
    return network


def _train_only(network: OmegaNet | DWARF, tasks: Mapping[str, float]) -> None:
    """Let the optimiser leave alone what no task trains."""
    if isinstance(network, DWARF):
        return
    camera, dsnet = network.camera_net.decoder, network.dsnet
    network.camera_net.requires_grad_(bool(_CAMERA & tasks.keys()))
    camera.pose.requires_grad_(bool(_IN_UNITS & tasks.keys()))
    learns_k = bool({"intrinsics", "motion"} & tasks.keys())
    camera.focal_lengths.requires_grad_(learns_k)
    camera.offsets.requires_grad_(learns_k)
    network.sd_ofnet.requires_grad_("flow" in tasks)
    dsnet.requires_grad_(bool({"depth", "semantics"} & tasks.keys()))
    dsnet.semantic.requires_grad_("semantics" in tasks)
    for level in dsnet.levels.values():
        level.get_submodule("disparity").requires_grad_("depth" in tasks)
