"""DWARF on a stream of stereo pairs: the order of the steps and nothing else.

Each pair is encoded once, both images as one batch; what the network says about a pair it
says from the features of two consecutive ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from torch import Tensor

from scene_perception.engines.base import Engine
from scene_perception.engines.networks import SEMANTICS
from scene_perception.frame import StereoEstimate, StereoFrame
from scene_perception.models.dwarf import PARTS
from scene_perception.pipelines.device_preprocess import device_of, resized_planes, uploader
from scene_perception.pipelines.downloads import Download, Downloader
from scene_perception.pipelines.frame_buffer import (
    CLEARING_EVENTS,
    SKIPPING_EVENTS,
    FrameBuffer,
)
from scene_perception.pipelines.parts import PartRunner
from scene_perception.pipelines.preprocess import to_network as image_to_network
from scene_perception.pipelines.stereo_config import StereoConfig
from scene_perception.pipelines.stereo_input import Fit, choose_fit, to_network
from scene_perception.pipelines.stereo_postprocess import (
    View,
    scene_flow_estimate,
    stereo_estimate,
    view_of,
)
from scene_perception.pipelines.timing import StageTimer
from scene_perception.settings import check

_ENCODER, _DECODER, _DISPARITY, _MOTION = PARTS


@dataclass(frozen=True, eq=False)
class StereoResult:
    """What one pair brought.

    Attributes:
        estimate: of the pair before it, or of itself (``output.describes``); None until two
            consecutive pairs are there.
        event: why the pair was skipped or the buffer started afresh (a key of
            ``StereoPipeline.counters``), else empty.
        timings_ns: wall time of ``preprocess``, each engine that ran by its name, ``buffer``
            (copies of what is kept), ``depth`` and ``motion`` (from tensors to arrays), ns.
    """

    estimate: StereoEstimate | None = None
    event: str = ""
    timings_ns: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class _Seen:
    """A pair and the features that the next step will need."""

    view: View
    features: dict[str, Tensor]


class StereoPipeline:
    """Depth and scene flow from stereo pairs in the order of their stamps, for one thread.

    Args:
        engines: ``models.dwarf.PARTS``, and ``semantics`` for labels.
        config: the settings, checked here.

    Raises:
        ValueError: for a setting that breaks its rule, other engines, or engines of another
            input size.
    """

    def __init__(self, engines: Mapping[str, Engine], config: StereoConfig) -> None:
        check(config)
        _check_engines(engines, config)
        self._parts = PartRunner(engines)
        self._config = config
        device = device_of(config.network)
        self._upload, self._download = uploader(device), Downloader(device)
        self._buffer: FrameBuffer[_Seen] = FrameBuffer(config.buffer, length=2)
        self.counters: Counter[str] = Counter(
            dict.fromkeys((*SKIPPING_EVENTS, *CLEARING_EVENTS), 0)
        )

    @property
    def provides_labels(self) -> bool:
        """Whether the engines give semantics."""
        return SEMANTICS in self._parts.engines

    @property
    def buffered(self) -> int:
        """Number of pairs whose features are kept."""
        return len(self._buffer)

    def process(self, frame: StereoFrame, *, motion: bool = True) -> StereoResult:
        """Take the next pair and return what is now known.

        Args:
            frame: of the same cameras as before, or of others (the buffer then starts
                afresh).
            motion: False leaves out what only scene flow needs.

        Raises:
            ValueError: if the images do not fit the network's input as ``input.fit`` asks.
        """
        event = self._buffer.admit(frame.left)
        if event:
            self.counters[event] += 1
        if event in SKIPPING_EVENTS:
            return StereoResult(event=event)
        self._parts.timer = StageTimer()
        self._buffer.append(frame.left, self._encoded(frame))
        window = self._buffer.window()
        estimate = self._described(*self._roles(window), motion=motion) if window else None
        return StereoResult(estimate, event, self._parts.timer.elapsed_ns)

    def reconfigure(self, config: StereoConfig) -> None:
        """Use other settings from the next pair on; kept pairs stay.

        Raises:
            ValueError: as the constructor, and for settings that need a new pipeline.
        """
        check(config)
        _check_engines(self._parts.engines, config)
        for name in ("network", "input", "semantics", "buffer"):
            old, new = getattr(self._config, name), getattr(config, name)
            if old != new:
                raise ValueError(f"{name} must stay {old}, got {new}: make a new pipeline")
        self._config = config

    def fit_of(self, width: int, height: int) -> Fit:
        """Return how camera images of this size are brought to the network's input.

        Raises:
            ValueError: if ``input.fit`` asks for what is impossible.
        """
        network = self._config.network
        size = (network.width, network.height)
        return choose_fit((width, height), size, self._config.input.fit)

    def reset(self) -> None:
        """Forget the pairs; the counters go on."""
        self._buffer.clear()

    def _encoded(self, frame: StereoFrame) -> _Seen:
        with self._parts.timer.stage("preprocess"):
            fit = self.fit_of(frame.camera.left.width, frame.camera.left.height)
            pair = (frame.left.image, frame.right.image)
            pixels = None if self._upload is None else self._upload(*pair)
            images = to_network(frame, fit, pixels)
        features = self._parts.encode({"images": images}, (_ENCODER,))
        labels = self._labels(frame, pixels) if self.provides_labels else None
        return _Seen(view_of(frame, labels, fit, self._config.output.resolution), features)

    def _labels(self, frame: StereoFrame, pixels: Tensor | None) -> Tensor:
        """Label the left image, from its bytes on the GPU where they are there."""
        width, height = self._config.semantics.width, self._config.semantics.height
        with self._parts.timer.stage("preprocess"):
            image = (
                image_to_network(frame.left, width, height).image
                if pixels is None
                else resized_planes(pixels[:1], width, height)
            )
        return self._parts.run(SEMANTICS, {"image": image})["labels"]

    def _roles(self, window: tuple[_Seen, ...]) -> tuple[_Seen, _Seen]:
        """Return the pair that is described and the one that its flow points into."""
        earlier, newest = window
        if self._config.output.describes == "newest":
            return newest, earlier
        return earlier, newest

    def _described(self, current: _Seen, following: _Seen, *, motion: bool) -> StereoEstimate:
        features = {
            f"{name}_{role}": tensor
            for role, seen in (("current", current), ("next", following))
            for name, tensor in seen.features.items()
        }
        decoded = self._parts.run(_DECODER, features)
        refined = self._download(self._parts.run(_DISPARITY, decoded))
        # On a GPU motion is computed while depth is brought back and made.
        early = self._motion(decoded) if motion and self._download.overlaps else None
        with self._parts.timer.stage("depth"):
            estimate = stereo_estimate(current.view, refined.wait(), self._config.output)
        if not motion:
            return estimate
        outputs = early or self._motion(decoded)
        with self._parts.timer.stage("motion"):
            scene_flow = scene_flow_estimate(
                estimate, current.view, following.view, outputs.wait(), self._config
            )
        return replace(estimate, motion=scene_flow)

    def _motion(self, decoded: Mapping[str, Tensor]) -> Download:
        return self._download(self._parts.run(_MOTION, decoded))


def _check_engines(engines: Mapping[str, Engine], config: StereoConfig) -> None:
    if set(engines) - {SEMANTICS} != set(PARTS):
        raise ValueError(
            f"engines must be {', '.join(PARTS)} and maybe {SEMANTICS}, got {list(engines)}"
        )
    network, semantics = config.network, config.semantics
    _check_size(engines, _ENCODER, "images", (2, 3, network.height, network.width))
    if SEMANTICS in engines:
        _check_size(engines, SEMANTICS, "image", (1, 3, semantics.height, semantics.width))


def _check_size(
    engines: Mapping[str, Engine], part: str, name: str, expected: tuple[int, ...]
) -> None:
    actual = engines[part].inputs[name].shape
    if actual != expected:
        raise ValueError(f"engine {part} must take {name} of {expected}, got {actual}")
