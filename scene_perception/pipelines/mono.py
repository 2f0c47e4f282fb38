"""OmegaNet on a stream of frames: the order of the steps and nothing else.

Depth and labels of frame t come when t arrives; flow, ego-motion and moving objects of t
come when t+1 arrives, from the features of t-1, t and t+1 that were kept. Each encoder runs
once per frame.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
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
)
from scene_perception.pipelines.parts import ENCODERS, PARTS, PartRunner, check_engines
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
        timings_ns: wall time of ``preprocess``, each engine that ran by its name, ``buffer``
            (copies of what is kept), ``scale`` and ``postprocess``, ns. An engine on a GPU
            may still be working when its time ends; the next copy waits for it.
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
        engines: ``dsnet`` alone (depth and labels only) or all of ``parts.PARTS``.
        config: the settings, checked here.

    Raises:
        ValueError: for a setting that breaks its rule, other engines, engines of another
            input size, or a scale source that the engines cannot serve.
    """

    def __init__(self, engines: Mapping[str, Engine], config: MonoConfig) -> None:
        check(config)
        check_engines(engines, config)
        self._parts = PartRunner(engines)
        self._config = config
        self._buffer: FrameBuffer[_Seen] = FrameBuffer(config.buffer, length=3)
        self._scale = ScaleEstimator(config.scale)
        self.counters: Counter[str] = Counter(
            dict.fromkeys((*SKIPPING_EVENTS, *CLEARING_EVENTS), 0)
        )

    @property
    def provides_motion(self) -> bool:
        """Whether the engines can give motion at all."""
        return set(PARTS) == set(self._parts.engines)

    @property
    def scale_status(self) -> str:
        """What the metric scale is or what it waits for, for people."""
        return self._scale.status

    @property
    def buffered(self) -> int:
        """Number of frames whose features are kept."""
        return len(self._buffer)

    @property
    def intrinsics_reader(self) -> str:
        """The setting that cannot do without the camera's intrinsics, or an empty string."""
        if self._scale.needs_ground:
            return "scale.source camera_height"
        if self.provides_motion and self._config.motion.intrinsics == "camera_info":
            return "motion.intrinsics camera_info"
        return ""

    def process(
        self,
        frame: Frame,
        *,
        motion: bool = True,
        on_depth: Callable[[DepthEstimate], None] | None = None,
    ) -> MonoResult:
        """Take the next frame and return what is now known.

        Args:
            frame: of the same camera as before, or of another one (the buffer then starts
                afresh).
            motion: False leaves out what only motion needs of this step; features are still
                kept, so that the next step can have motion.
            on_depth: called with this frame's depth as soon as it is known, which is well
                before the motion of the frame before.

        Raises:
            ValueError: if the settings need the camera's intrinsics and the frame has none.
        """
        self._check_intrinsics(frame)
        event = self._admit(frame)
        if event in SKIPPING_EVENTS:
            return MonoResult(event=event)
        self._parts.timer = StageTimer()
        with self._parts.timer.stage("preprocess"):
            network = self._config.network
            network_input = to_network(frame, network.width, network.height)
        outputs = self._parts.encode({"image": network_input.image}, ("dsnet",))
        depth = self._depth(frame, network_input, outputs)
        if on_depth is not None:
            on_depth(depth)
        if self.provides_motion:
            outputs |= self._parts.encode({"image": network_input.image}, ENCODERS)
        self._buffer.append(frame, _Seen(depth, network_input.intrinsics, outputs))
        return MonoResult(depth, self._motion(motion), event, self._parts.timer.elapsed_ns)

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
        check_engines(self._parts.engines, config)
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

    def _depth(
        self, frame: Frame, network_input: NetworkInput, outputs: Mapping[str, Tensor]
    ) -> DepthEstimate:
        if self._scale.needs_ground and network_input.intrinsics is not None:
            with self._parts.timer.stage("scale"):
                self._scale.observe_ground(
                    frame.stamp_ns,
                    array(outputs["inverse_depth"])[0],
                    array(outputs["labels"]),
                    network_input.intrinsics,
                )
        with self._parts.timer.stage("postprocess"):
            return depth_estimate(
                frame, network_input, outputs, self._scale.current, self._config.output
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
        camera = self._parts.run("camera_decoder", features)
        current, following = window[1].depth, window[2].depth
        pose = array(camera["pose_next"])
        self._scale.observe_translation(
            current.stamp_ns, following.stamp_ns, float(np.linalg.norm(pose[:3]))
        )
        if not wanted:
            return None
        outputs = self._decode_motion(features, camera, window[1])
        with self._parts.timer.stage("postprocess"):
            seconds = (following.stamp_ns - current.stamp_ns) * 1e-9
            motion = ego_motion(pose, current.scale, seconds)
            threshold = self._config.motion.threshold
            return motion_estimate(current, following.stamp_ns, outputs, motion, threshold)

    def _decode_motion(
        self, features: Mapping[str, Tensor], camera: Mapping[str, Tensor], current: _Seen
    ) -> dict[str, Tensor]:
        outputs = {**current.features, **camera, **self._parts.run("flow_decoder", features)}
        if self._config.motion.intrinsics == "camera_info" and current.intrinsics is not None:
            outputs["intrinsics"] = current.intrinsics.matrix()[None]
        return {**outputs, **self._parts.run("rigid_motion", outputs)}

    def _check_intrinsics(self, frame: Frame) -> None:
        if frame.intrinsics is None and self.intrinsics_reader:
            raise ValueError(
                f"{self.intrinsics_reader} needs the camera's intrinsics, the frame at "
                f"{frame.stamp_ns} ns has none: publish camera_info with the images or change "
                "the setting"
            )
