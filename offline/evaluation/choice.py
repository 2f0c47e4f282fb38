"""From names on the command line to tasks, protocols and data sets."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from offline.evaluation.depth import DepthTask
from offline.evaluation.flow import FlowTask
from offline.evaluation.motion import MotionTask
from offline.evaluation.photometric import PhotometricTask
from offline.evaluation.pose import PoseTask
from offline.evaluation.scene_flow import SceneFlowTask
from offline.evaluation.semantics import SemanticsTask
from offline.evaluation.task import Task
from offline.metrics.depth_protocol import DepthProtocol
from offline.metrics.protocols import PROTOCOLS, Protocols

Rules = TypeVar("Rules")

_OF_MODEL = {"dsnet": "omeganet", "dwarf": "kitti2015", "opencv": "kitti2015", "": "omeganet"}
_DATASETS = {
    "depth": "kitti_raw",
    "flow": "kitti_2015",
    "motion": "kitti_2015",
    "photometric": "kitti_odometry",
    "pose": "kitti_odometry",
    "scene_flow": "kitti_2015",
    "semantics": "kitti_semantics",
}


@dataclass(frozen=True)
class Overrides:
    """Settings that take the place of a protocol's; None keeps it.

    Attributes:
        truth, crop, scaling, factor, min_depth, max_depth: as ``DepthProtocol``; the range is
            that of the truth as well.
        threshold: motion probability above which a pixel moves.
    """

    truth: str | None = None
    crop: str | None = None
    scaling: str | None = None
    factor: float | None = None
    min_depth: float | None = None
    max_depth: float | None = None
    threshold: float = 0.5

    def of(self, protocol: DepthProtocol) -> DepthProtocol:
        """Return a protocol with these settings instead of its own."""
        given = {name: value for name, value in vars(self).items() if value is not None}
        given.pop("threshold")
        if self.min_depth is not None:
            given["above_m"] = self.min_depth
        if self.max_depth is not None:
            given["below_m"] = self.max_depth
        return dataclasses.replace(protocol, **given)


def protocol_of(name: str, model: str) -> str:
    """Return the protocol that a model's authors follow for a task."""
    if name == "scene_flow":
        return "kitti2015"
    return _OF_MODEL.get(model, model)


def dataset_of(name: str, protocol: str, *, recorded: bool = False) -> str:
    """Return the data set that a task is usually measured on, by drives where it was recorded."""
    if name == "depth" and recorded:
        return "kitti_drive"
    if name == "depth" and protocol.endswith("kitti2015"):
        return "kitti_2015"
    return _DATASETS[name]


def choose_task(name: str, protocol: str, overrides: Overrides) -> Task[Any]:
    """Return a task with its rules.

    Args:
        name: a key of ``TASKS``.
        protocol: a key of ``PROTOCOLS``, or with a variant as ``sgdepth/improved``.
        overrides: settings instead of the protocol's.

    Raises:
        ValueError: for a protocol that does not exist or does not cover the task.
    """
    system, _, variant = protocol.partition("/")
    if system not in PROTOCOLS:
        raise ValueError(f"--protocol must be one of {', '.join(PROTOCOLS)}, got {protocol!r}")
    return TASKS[name](PROTOCOLS[system], variant, overrides)


def _depth(rules: Protocols, variant: str, overrides: Overrides) -> DepthTask:
    chosen = rules.depth_variants.get(variant) if variant else rules.depth
    return DepthTask(overrides.of(_required(chosen, "depth", variant, rules.depth_variants)))


def _flow(rules: Protocols, variant: str, _: Overrides) -> FlowTask:
    return FlowTask(_required(None if variant else rules.flow, "flow", variant))


def _semantics(rules: Protocols, variant: str, _: Overrides) -> SemanticsTask:
    chosen = rules.semantics_variants.get(variant) if variant else rules.semantics
    return SemanticsTask(_required(chosen, "semantics", variant, rules.semantics_variants))


def _scene_flow(_: Protocols, variant: str, __: Overrides) -> SceneFlowTask:
    if variant not in ("", "occ", "noc"):
        raise ValueError(
            f"--protocol for scene_flow must be kitti2015 or kitti2015/noc, got {variant!r}"
        )
    return SceneFlowTask(variant or "occ")


def _photometric(rules: Protocols, variant: str, _: Overrides) -> PhotometricTask:
    return PhotometricTask(_flow(rules, variant, _).protocol)


def _motion(_: Protocols, __: str, overrides: Overrides) -> MotionTask:
    return MotionTask(overrides.threshold)


def _required(chosen: Rules | None, task: str, variant: str, known: Collection[str] = ()) -> Rules:
    if chosen is None:
        usable = [name for name, rules in PROTOCOLS.items() if getattr(rules, task) is not None]
        variants = f"; variants of this one are {', '.join(known)}" if known else ""
        raise ValueError(
            f"--protocol for {task} must be one of {', '.join(usable)}{variants}, got one "
            f"without it{f': {variant!r}' * bool(variant)}"
        )
    return chosen


TASKS: Mapping[str, Callable[[Protocols, str, Overrides], Task[Any]]] = {
    "depth": _depth,
    "flow": _flow,
    "motion": _motion,
    "photometric": _photometric,
    "pose": lambda *_: PoseTask(),
    "scene_flow": _scene_flow,
    "semantics": _semantics,
}
