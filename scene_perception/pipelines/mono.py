"""A network on a stream of one camera's frames: the order of the steps and nothing else.

Depth and labels of frame t come when t arrives; flow, ego-motion and moving objects of t
come when t+1 arrives, as far as some engine gives them, from what was kept of t and its
neighbours. Each encoder runs once per frame.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from scene_perception.engines.base import Engine
from scene_perception.frame import UNKNOWN_LABEL, DepthEstimate, EgoMotion, Frame, MotionEstimate
from scene_perception.geometry.camera import Intrinsics
from scene_perception.pipelines.config import MonoConfig
from scene_perception.pipelines.device_preprocess import device_of, uploader
from scene_perception.pipelines.downloads import Download, Downloader
from scene_perception.pipelines.ego_motion import ego_motion
from scene_perception.pipelines.frame_buffer import (
    CLEARING_EVENTS,
    SKIPPING_EVENTS,
    TIME_JUMP_BACK,
    FrameBuffer,
)
from scene_perception.pipelines.parts import IMAGE, Content, PartRunner, check_engines
from scene_perception.pipelines.postprocess import array, depth_estimate, motion_estimate
from scene_perception.pipelines.preprocess import NetworkInput, to_network
from scene_perception.pipelines.scale import ScaleEstimator
from scene_perception.pipelines.timing import StageTimer
from scene_perception.settings import check

# What is read of the parts that decode motion.
_READ = ("next_from_current", "flow", "motion_probability")


@dataclass(frozen=True, eq=False)
class MonoResult:
    """What one frame brought.

    Attributes:
        depth: of this frame; None where it was skipped.
        motion: of the frame before it; None until as many consecutive frames are there as
            the engines need, two or three.
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
    """A frame's estimate and the features, maybe the image, that its neighbours will need.

    ``read`` are the features that were brought to the host.
    """

    depth: DepthEstimate
    intrinsics: Intrinsics | None
    features: dict[str, Tensor]
    read: dict[str, Tensor]


class MonoPipeline:
    """Depth, semantics and motion from one camera's frames in the order of their stamps.

    ``process`` and ``reset`` belong to one thread; ``add_odometry`` may come from another.

    Args:
        engines: that give inverse depth of an image, and whatever else (``parts.Sources``).
        config: the settings, checked here.

    Raises:
        ValueError: for a setting that breaks its rule, and as ``parts.check_engines``.
    """

    def __init__(self, engines: Mapping[str, Engine], config: MonoConfig) -> None:
        check(config)
        self._sources = check_engines(engines, config)
        self._parts = PartRunner(engines)
        self._config = config
        device = device_of(config.network)
        self._upload, self._download = uploader(device), Downloader(device)
        self._buffer: FrameBuffer[_Seen] = FrameBuffer(config.buffer, len(self._sources.roles))
        size = (1, config.network.height, config.network.width)
        self._unknown_labels = torch.full(size, UNKNOWN_LABEL, dtype=torch.uint8)
        self._scale = ScaleEstimator(config.scale)
        self.counters: Counter[str] = Counter(
            dict.fromkeys((*SKIPPING_EVENTS, *CLEARING_EVENTS), 0)
        )

    @property
    def contents(self) -> frozenset[Content]:
        """What the engines can give."""
        return self._sources.contents

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
        if not self._sources.motion:
            return ""
        if self._config.motion.intrinsics == "camera_info":
            return "motion.intrinsics camera_info"
        if not self._sources.intrinsics:
            return f"motion_probability of model {self._config.model}"
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
            network_input = to_network(frame, network.width, network.height, self._upload)
        image = {IMAGE: network_input.image}
        features = self._parts.encode(image, self._sources.first)
        outputs = self._download(dict(features))
        # On a GPU the encoders compute while depth is brought back and published.
        early = self._sources.encoders if self._download.overlaps else ()
        late = () if self._download.overlaps else self._sources.encoders
        features |= self._parts.encode(image, early)
        read = outputs.wait()
        depth = self._depth(frame, network_input, read)
        if on_depth is not None:
            on_depth(depth)
        features |= self._parts.encode(image, late)
        if self._sources.keeps_image:
            features |= image
        self._buffer.append(frame, _Seen(depth, network_input.intrinsics, features, read))
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
            ValueError: as the constructor, and for settings that need a new pipeline.
        """
        check(config)
        check_engines(self._parts.engines, config)
        for name in ("model", "network", "flow", "semantics", "buffer"):
            old, new = getattr(self._config, name), getattr(config, name)
            if old != new:
                raise ValueError(f"{name} must stay {old}, got {new}: make a new pipeline")
        if config.scale != self._config.scale:
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
        """Decode the frame before the newest, as far as somebody needs it."""
        window, sources = self._buffer.window(), self._sources
        wanted = wanted and bool(sources.pose or sources.flow)
        if not (window and (wanted or self._scale.needs_translation)):
            return None
        current, following = window[-2], window[-1].depth
        tensors = self._gathered(window)
        downloads = [self._decoded(sources.pose, tensors)] if sources.pose else []
        if wanted:
            downloads += self._decode_flow(tensors, current)
        read = dict(current.read)
        for download in downloads:
            read |= download.wait()
        if sources.pose:
            self._observe_translation(read, current.depth, following)
        if not wanted:
            return None
        with self._parts.timer.stage("postprocess"):
            motion = self._ego_motion(read, current.depth, following)
            threshold = self._config.motion.threshold
            return motion_estimate(current.depth, following.stamp_ns, read, motion, threshold)

    def _gathered(self, window: tuple[_Seen, ...]) -> dict[str, Tensor]:
        """Return the described frame's features by name, and every frame's by name and role."""
        roles = self._sources.roles
        return {
            **window[-2].features,
            **{f"labels_{role}": self._unknown_labels for role in roles},
            **{
                f"{name}_{role}": tensor
                for role, seen in zip(roles, window, strict=True)
                for name, tensor in seen.features.items()
            },
        }

    def _decoded(self, part: str, tensors: dict[str, Tensor]) -> Download:
        """Run ``part``, add what it gives to ``tensors`` and begin to bring it to the host."""
        outputs = self._parts.run(part, tensors)
        tensors |= outputs
        read = {name: outputs[name] for name in _READ if name in outputs}
        return self._download(read)

    def _decode_flow(self, tensors: dict[str, Tensor], current: _Seen) -> Iterator[Download]:
        """Add flow and motion probability to ``tensors`` where parts give them."""
        sources, camera = self._sources, current.intrinsics
        if sources.flow:
            yield self._decoded(sources.flow, tensors)
        if sources.motion:
            asked = self._config.motion.intrinsics == "camera_info"
            if camera is not None and (asked or not sources.intrinsics):
                tensors["intrinsics"] = camera.matrix()[None]
            yield self._decoded(sources.motion, tensors)

    def _observe_translation(
        self, tensors: Mapping[str, Tensor], current: DepthEstimate, following: DepthEstimate
    ) -> None:
        translation = array(tensors["next_from_current"])[:3, 3]
        self._scale.observe_translation(
            current.stamp_ns, following.stamp_ns, float(np.linalg.norm(translation))
        )

    def _ego_motion(
        self, tensors: Mapping[str, Tensor], current: DepthEstimate, following: DepthEstimate
    ) -> EgoMotion | None:
        if not self._sources.pose:
            return None
        seconds = (following.stamp_ns - current.stamp_ns) * 1e-9
        return ego_motion(array(tensors["next_from_current"]), current.scale, seconds)

    def _check_intrinsics(self, frame: Frame) -> None:
        if frame.intrinsics is None and self.intrinsics_reader:
            raise ValueError(
                f"{self.intrinsics_reader} needs the camera's intrinsics, the frame at "
                f"{frame.stamp_ns} ns has none: publish camera_info with the images or change "
                "the setting"
            )
