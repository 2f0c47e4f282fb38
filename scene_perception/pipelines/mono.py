"""OmegaNet on a stream of frames: the order of the steps and nothing else.

Depth and labels of frame t come when t arrives; flow, ego-motion and moving objects of t
come when t+1 arrives, from the features of t-1, t and t+1 that were kept. Each encoder runs
once per frame.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from scene_perception.engines.base import Engine
from scene_perception.frame import DepthEstimate, Frame, MotionEstimate
from scene_perception.geometry.camera import Intrinsics
from scene_perception.models.omeganet import ROLES
from scene_perception.pipelines.config import MonoConfig
from scene_perception.pipelines.ego_motion import ego_motion
from scene_perception.pipelines.frame_buffer import (
    CLEARING_EVENTS,
    SKIPPING_EVENTS,
    TIME_JUMP_BACK,
    FrameBuffer,
    kept,
)
from scene_perception.pipelines.parts import ENCODERS, check_engines
from scene_perception.pipelines.postprocess import array, depth_estimate, motion_estimate
from scene_perception.pipelines.preprocess import NetworkInput, to_network
from scene_perception.pipelines.scale import ScaleEstimator
from scene_perception.pipelines.timing import StageTimer
from scene_perception.settings import check


@dataclass(frozen=True, eq=False)
class MonoResult:
    """What one frame brought.

    Attributes:
        depth: of this frame; None where it was skipped.
        motion: of the frame before it; None until three consecutive frames are there.
        event: why the frame was skipped or the buffer started afresh (a key of
            ``MonoPipeline.counters``), else empty.
        timings_ns: wall time of ``preprocess``, each engine that ran by its name, ``scale``
            and ``postprocess``, ns. An engine on a GPU may still be working when its time
            ends; ``postprocess`` waits for it.
    """

    depth: DepthEstimate | None = None
    motion: MotionEstimate | None = None
    event: str = ""
    timings_ns: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class _Seen:
    """A frame's estimate and the features that its neighbours will need."""

    depth: DepthEstimate
    intrinsics: Intrinsics | None
    features: dict[str, Tensor]


class MonoPipeline:
    """Depth, semantics and motion from one camera's frames in the order of their stamps.

    ``process`` and ``reset`` belong to one thread; ``add_odometry`` may come from another.

    Args:
        engines: ``dsnet`` alone (depth and labels only) or all of
            ``parts.PARTS``.
        config: the settings, checked here.

    Raises:
        ValueError: for a setting that breaks its rule, other engines, engines of another
            input size, or a scale source that the engines cannot serve.
    """

    def __init__(self, engines: Mapping[str, Engine], config: MonoConfig) -> None:
        check(config)
        check_engines(engines, config)
        self._engines = dict(engines)
        self._config = config
        self._buffer: FrameBuffer[_Seen] = FrameBuffer(config.buffer, length=3)
        self._scale = ScaleEstimator(config.scale)
        self.counters: Counter[str] = Counter(
            dict.fromkeys((*SKIPPING_EVENTS, *CLEARING_EVENTS), 0)
        )
        self._timer = StageTimer()

    @property
    def provides_motion(self) -> bool:
        """Whether the engines can give motion at all."""
        return "rigid_motion" in self._engines

    @property
    def scale_status(self) -> str:
        """What the metric scale is or what it waits for, for people."""
        return self._scale.status

    @property
    def buffered(self) -> int:
        """Number of frames whose features are kept."""
        return len(self._buffer)

    def process(self, frame: Frame, *, motion: bool = True) -> MonoResult:
        """Take the next frame and return what is now known.

        Args:
            frame: of the same camera as before, or of another one (the buffer then starts
                afresh).
            motion: False leaves out what only motion needs of this step; features are still
                kept, so that the next step can have motion.

        Raises:
            ValueError: if the settings need the camera's intrinsics and the frame has none.
        """
        self._check_intrinsics(frame)
        event = self._admit(frame)
        if event in SKIPPING_EVENTS:
            return MonoResult(event=event)
        self._timer = StageTimer()
        with self._timer.stage("preprocess"):
            network = self._config.network
            network_input = to_network(frame, network.width, network.height)
        features = self._encode(network_input)
        self._observe_ground(frame, network_input, features)
        with self._timer.stage("postprocess"):
            depth = depth_estimate(
                frame, network_input, features, self._scale.current, self._config.output
            )
        self._buffer.append(frame, _Seen(depth, network_input.intrinsics, features))
        return MonoResult(depth, self._motion(motion), event, self._timer.elapsed_ns)

    def add_odometry(self, stamp_ns: int, position_m: NDArray[np.float64]) -> None:
        """Take one odometry position in metres; used where ``scale.source`` is odometry. # (3,).

        Raises:
            ValueError: for a position that is not three finite numbers.
        """
        self._scale.add_odometry(stamp_ns, position_m)

    def reconfigure(self, config: MonoConfig) -> None:
        """Use other settings from the next frame on; kept frames stay.

        The scale is measured anew where its settings change.

        Raises:
            ValueError: as the constructor, and for other ``network`` or ``buffer`` settings,
                which need a new pipeline.
        """
        old = self._config
        check(config)
        check_engines(self._engines, config)
        if (config.network, config.buffer) != (old.network, old.buffer):
            raise ValueError(
                f"network and buffer settings must stay {old.network}, {old.buffer}, "
                f"got {config.network}, {config.buffer}: make a new pipeline"
            )
        if config.scale != old.scale:
            self._scale = ScaleEstimator(config.scale)
        self._config = config

    def reset(self) -> None:
        """Forget frames and scale; the counters go on."""
        self._buffer.clear()
        self._scale.reset()

    def _admit(self, frame: Frame) -> str:
        event = self._buffer.admit(frame)
        if event:
            self.counters[event] += 1
        if event == TIME_JUMP_BACK:
            self._scale.jump_back()
        return event

    def _run(self, part: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Run one engine on those of ``tensors`` that it takes."""
        engine = self._engines[part]
        with self._timer.stage(part):
            return engine(**{name: tensors[name] for name in engine.inputs})

    def _encode(self, network_input: NetworkInput) -> dict[str, Tensor]:
        """Return depth, labels and, where motion is possible, the features to be kept."""
        features: dict[str, Tensor] = {}
        for part in ("dsnet", *ENCODERS) if self.provides_motion else ("dsnet",):
            features |= kept(self._run(part, {"image": network_input.image}))
        return features

    def _observe_ground(
        self, frame: Frame, network_input: NetworkInput, features: Mapping[str, Tensor]
    ) -> None:
        if not self._scale.needs_ground or network_input.intrinsics is None:
            return
        with self._timer.stage("scale"):
            self._scale.observe_ground(
                frame.stamp_ns,
                array(features["inverse_depth"])[0],
                array(features["labels"]),
                network_input.intrinsics,
            )

    def _motion(self, wanted: bool) -> MotionEstimate | None:
        """Decode the window's middle frame, as far as somebody needs it."""
        window = self._buffer.window()
        if not (self.provides_motion and window and (wanted or self._scale.needs_translation)):
            return None
        features = {
            f"{name}_{role}": tensor
            for role, seen in zip(ROLES, window, strict=True)
            for name, tensor in seen.features.items()
        }
        camera = self._run("camera_decoder", features)
        current, following = window[1].depth, window[2].depth
        pose = array(camera["pose_next"])
        self._scale.observe_translation(
            current.stamp_ns, following.stamp_ns, float(np.linalg.norm(pose[:3]))
        )
        if not wanted:
            return None
        outputs = self._decode_motion(features, camera, window[1])
        with self._timer.stage("postprocess"):
            seconds = (following.stamp_ns - current.stamp_ns) * 1e-9
            motion = ego_motion(pose, current.scale, seconds)
            threshold = self._config.motion.threshold
            return motion_estimate(current, following.stamp_ns, outputs, motion, threshold)

    def _decode_motion(
        self, features: Mapping[str, Tensor], camera: Mapping[str, Tensor], current: _Seen
    ) -> dict[str, Tensor]:
        outputs = {**current.features, **camera, **self._run("flow_decoder", features)}
        if self._config.motion.intrinsics == "camera_info" and current.intrinsics is not None:
            outputs["intrinsics"] = current.intrinsics.matrix()[None]
        return {**outputs, **self._run("rigid_motion", outputs)}

    def _check_intrinsics(self, frame: Frame) -> None:
        if frame.intrinsics is not None:
            return
        reader = ""
        if self._scale.needs_ground:
            reader = "scale.source camera_height"
        elif self.provides_motion and self._config.motion.intrinsics == "camera_info":
            reader = "motion.intrinsics camera_info"
        if reader:
            raise ValueError(
                f"{reader} needs the camera's intrinsics, the frame at {frame.stamp_ns} ns has "
                "none: publish camera_info with the images or change the setting"
            )
