"""The stereo pipeline's settings, validated once by ``settings.check``."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from scene_perception.engines.config import NetworkConfig
from scene_perception.pipelines.config import BufferConfig, OutputConfig, SemanticsConfig
from scene_perception.settings import setting


@dataclass(frozen=True)
class InputConfig:
    """How camera images become the network's input."""

    fit: str = setting(
        "auto",
        "pad by reflection, as published for KITTI, or resize; auto pads images that fit and "
        "fill three quarters of the network's width and height",
        choices=("auto", "pad", "resize"),
    )


@dataclass(frozen=True)
class StereoSemanticsConfig(SemanticsConfig):
    """DSNet beside DWARF: labels, and static classes to measure the camera's motion on."""

    height: int = setting(
        192, "input height of DSNet, px", minimum=128, maximum=2048, multiple_of=64
    )
    width: int = setting(640, "input width of DSNet, px", minimum=128, maximum=4096, multiple_of=64)

    def network(self, base: NetworkConfig) -> NetworkConfig | None:
        """Return what loads DSNet where ``base`` loads DWARF; None without semantics."""
        if not self.weights:
            return None
        return replace(base, weights=self.weights, height=self.height, width=self.width)


@dataclass(frozen=True)
class EgoMotionConfig:
    """How the camera's motion is fitted to the scene flow."""

    inlier_px: float = setting(
        1.0,
        "a point agrees with a motion that predicts its place and disparity this well, px",
        minimum=0.05,
        maximum=50.0,
    )
    hypotheses: int = setting(200, "motions that are tried on three points each", minimum=1,
                              maximum=10000)  # fmt: skip
    min_share: float = setting(
        0.2, "share of points that must agree, or there is no ego-motion", minimum=0.01, maximum=1.0
    )


@dataclass(frozen=True)
class ObjectsConfig:
    """What counts as moving by itself."""

    min_px: float = setting(
        2.0,
        "a pixel moves if its place or disparity differs this much from what the camera's motion "
        "explains, px",
        minimum=0.1,
        maximum=100.0,
    )
    min_speed_m_s: float = setting(
        0.5, "and its own speed is at least this, m/s", minimum=0.0, maximum=100.0
    )
    min_pixels: int = setting(
        100, "smaller moving regions are noise, px", minimum=1, maximum=1_000_000
    )


@dataclass(frozen=True)
class StereoOutputConfig(OutputConfig):
    """What the published images look like, and which frame they describe."""

    max_depth: float = setting(250.0, "larger depth is NaN, m", minimum=1e-3, maximum=1e6)
    describes: str = setting(
        "previous",
        "previous: a frame is described once the next one is there, as published; newest: as "
        "soon as it is there itself, by running the network backwards in time (flow then points "
        "to the frame before)",
        choices=("previous", "newest"),
    )


@dataclass(frozen=True)
class StereoConfig:
    """Everything the stereo pipeline can be told."""

    network: NetworkConfig = field(default_factory=lambda: NetworkConfig(height=384, width=1280))
    input: InputConfig = field(default_factory=InputConfig)
    semantics: StereoSemanticsConfig = field(default_factory=StereoSemanticsConfig)
    buffer: BufferConfig = field(default_factory=BufferConfig)
    ego_motion: EgoMotionConfig = field(default_factory=EgoMotionConfig)
    objects: ObjectsConfig = field(default_factory=ObjectsConfig)
    output: StereoOutputConfig = field(default_factory=StereoOutputConfig)
