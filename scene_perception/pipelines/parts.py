"""The engines that a pipeline is made of: which of them gives what, run by name.

An engine's inputs and outputs say what it is for: no list of parts exists beside them. What
takes an ``image`` alone runs once a frame; an input that ends in a role is what such an engine
made of that frame of the window, or the frame's image.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from scene_perception.engines.base import Engine
from scene_perception.models.omeganet import ROLES
from scene_perception.pipelines.config import MonoConfig
from scene_perception.pipelines.frame_buffer import kept
from scene_perception.pipelines.timing import StageTimer

IMAGE = "image"
# What gives it may be left out: labels are then unknown, intrinsics the camera's own.
_OPTIONAL = ("labels", "intrinsics")

Content = Literal[
    "depth", "labels", "flow", "ego_motion", "motion_probability", "motion_mask", "velocity"
]


@dataclass(frozen=True)
class Sources:
    """Which part gives what; an empty name where none does.

    Attributes:
        depth: inverse depth, from the image.
        labels: Cityscapes train ids, from the image.
        pose: the camera's motion to the next frame.
        intrinsics: of the camera, where a network predicts them.
        flow: to the next frame.
        motion: how much that differs from what depth and pose explain.
        encoders: parts that make features of an image.
        roles: frames of the window, oldest first.
        keeps_image: whether a part takes the window's images themselves.
    """

    depth: str
    labels: str
    pose: str
    intrinsics: str
    flow: str
    motion: str
    encoders: tuple[str, ...]
    roles: tuple[str, ...]
    keeps_image: bool

    @classmethod
    def of(cls, engines: Mapping[str, Engine]) -> Sources:
        """Return what ``engines`` give.

        Raises:
            ValueError: if none gives inverse depth from an image alone, two give the same, or
                one takes what none gives.
        """
        givers = _givers(engines)
        of_image = [part for part, engine in engines.items() if set(engine.inputs) == {IMAGE}]
        depth, labels = givers.get("inverse_depth", ""), givers.get("labels", "")
        if depth not in of_image:
            raise ValueError(f"engines must give inverse_depth of an image, got {list(engines)}")
        made = {IMAGE, "labels", *(name for name, part in givers.items() if part in of_image)}
        _check_taken(engines, {*givers, *_OPTIONAL, *_in_roles(made, ROLES)})
        taken = {name for engine in engines.values() for name in engine.inputs}
        return cls(
            depth=depth,
            labels=labels,
            pose=givers.get("next_from_current", ""),
            intrinsics=givers.get("intrinsics", ""),
            flow=givers.get("flow", ""),
            motion=givers.get("motion_probability", ""),
            encoders=tuple(part for part in of_image if part not in (depth, labels)),
            roles=ROLES if taken & _in_roles(made, ROLES[:1]) else ROLES[1:],
            keeps_image=bool(taken & _in_roles({IMAGE}, ROLES)),
        )

    @property
    def first(self) -> tuple[str, ...]:
        """Parts that give depth and labels of a frame when it arrives."""
        return tuple(dict.fromkeys(part for part in (self.depth, self.labels) if part))

    @property
    def contents(self) -> frozenset[Content]:
        """What can be known of a frame; ``velocity`` is that of what stands still."""
        known: dict[Content, object] = {
            "depth": self.depth,
            "labels": self.labels,
            "flow": self.flow,
            "ego_motion": self.pose,
            "motion_probability": self.motion,
            "motion_mask": self.motion and self.labels,
            "velocity": self.pose and self.labels,
        }
        return frozenset(content for content, source in known.items() if source)


def _givers(engines: Mapping[str, Engine]) -> dict[str, str]:
    """Return the part that gives each tensor."""
    givers: dict[str, str] = {}
    for part, engine in engines.items():
        for name in engine.outputs:
            if name in givers:
                raise ValueError(
                    f"{name} must come from one engine, got it from {givers[name]} and {part}"
                )
            givers[name] = part
    return givers


def _in_roles(names: Collection[str], roles: Sequence[str]) -> set[str]:
    return {f"{name}_{role}" for name in names for role in roles}


def _check_taken(engines: Mapping[str, Engine], given: Collection[str]) -> None:
    for part, engine in engines.items():
        missing = [name for name in engine.inputs if name not in (IMAGE, *given)]
        if missing:
            raise ValueError(
                f"engine {part} must get {missing[0]} from another one, got {list(engines)}"
            )


def check_engines(engines: Mapping[str, Engine], config: MonoConfig) -> Sources:
    """Return what ``engines`` give, if they make a pipeline and fit ``config``.

    Raises:
        ValueError: as ``Sources.of``, for engines of another input size, or for a scale source
            that they cannot serve.
    """
    sources = Sources.of(engines)
    expected = (1, 3, config.network.height, config.network.width)
    for part, actual in _image_shapes(engines):
        if actual != expected:
            raise ValueError(f"engine {part} must take images of {expected}, got {actual}")
    source = config.scale.source
    if source == "odometry" and not sources.pose:
        raise ValueError(
            "scale.source must be none, fixed or camera_height with weights of depth alone, got "
            "odometry: there is no camera motion to compare with"
        )
    if source == "camera_height" and not sources.labels:
        raise ValueError(
            "scale.source must be none, fixed or odometry without semantics, got camera_height: "
            "nothing tells where the road is; semantics.weights labels the image"
        )
    return sources


def _image_shapes(engines: Mapping[str, Engine]) -> Iterator[tuple[str, tuple[int, ...]]]:
    images = {IMAGE, *_in_roles({IMAGE}, ROLES)}
    for part, engine in engines.items():
        for name, spec in engine.inputs.items():
            if name in images:
                yield part, spec.shape


class PartRunner:
    """Runs parts on named tensors and times each.

    Attributes:
        engines: by part.
        timer: of the step at hand; the caller sets a new one for each.
    """

    def __init__(self, engines: Mapping[str, Engine]) -> None:
        self.engines = dict(engines)
        self.timer = StageTimer()

    def run(self, part: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Run one part on those of ``tensors`` that it takes."""
        engine = self.engines[part]
        with self.timer.stage(part):
            return engine(**{name: tensors[name] for name in engine.inputs})

    def encode(self, tensors: Mapping[str, Tensor], parts: Sequence[str]) -> dict[str, Tensor]:
        """Return copies of what ``parts`` make of ``tensors``."""
        features: dict[str, Tensor] = {}
        for part in parts:
            outputs = self.run(part, tensors)
            with self.timer.stage("buffer"):
                features |= kept(outputs)
        return features
