"""The monocular pipeline's settings, validated once by ``settings.check``."""

from __future__ import annotations

from dataclasses import dataclass, field

from scene_perception.engines.config import NetworkConfig
from scene_perception.settings import setting


@dataclass(frozen=True)
class BufferConfig:
    """When the three-frame ring buffer keeps its frames and when it starts afresh."""

    max_gap_s: float = setting(
        1.0, "a longer gap between frames clears the buffer, s", minimum=0.01, maximum=60.0
    )
    max_reorder_s: float = setting(
        0.5,
        "a stamp this much before the newest is skipped as out of order; an older one, or the "
        "third in a row, is a jump back in time (bag loop) and clears the buffer, s",
        minimum=0.0,
        maximum=60.0,
    )


@dataclass(frozen=True)
class FlowConfig:
    """Optical flow for models that have none."""

    weights: str = setting(
        "",
        "weights of OmegaNet whose SD-OFNet gives the flow for a model without one "
        "(.safetensors); empty: no flow beside the model's own",
    )


@dataclass(frozen=True)
class SemanticsConfig:
    """Labels for models that have none."""

    weights: str = setting(
        "",
        "weights of DSNet or OmegaNet that label the image for a model without semantics "
        "(.safetensors); empty: no labels beside the model's own",
    )


@dataclass(frozen=True)
class MotionConfig:
    """How optical flow and camera motion become a mask of moving objects."""

    threshold: float = setting(
        0.5, "motion probability above which a pixel moves (tau)", minimum=0.0, maximum=1.0
    )
    intrinsics: str = setting(
        "predicted",
        "intrinsics for the camera-induced flow: CameraNet's own (CameraInfo's for models that "
        "predict none) or CameraInfo's",
        choices=("predicted", "camera_info"),
    )


@dataclass(frozen=True)
class ScaleConfig:
    """Where metres come from: a monocular network's depth has no unit."""

    source: str = setting(
        "none",
        "source of metric scale",
        choices=("none", "fixed", "camera_height", "odometry"),
    )
    factor: float = setting(
        1.0, "metres per unit of network depth, for source fixed", minimum=1e-6, maximum=1e6
    )
    camera_height_m: float = setting(
        1.65, "camera height above the road, for source camera_height, m", minimum=0.05, maximum=100
    )
    smoothing_s: float = setting(
        1.0,
        "time constant of the scale's smoothing, 0 takes each measurement as it is, s",
        minimum=0.0,
        maximum=60.0,
    )
    min_translation_m: float = setting(
        0.02,
        "odometry that moves less from one frame to the next keeps the scale, for source "
        "odometry, m",
        minimum=1e-4,
        maximum=10.0,
    )


@dataclass(frozen=True)
class OutputConfig:
    """What the published images look like.

    Raises:
        ValueError: if ``min_depth`` is not below ``max_depth``.
    """

    resolution: str = setting(
        "camera", "resolution of every output image", choices=("camera", "network")
    )
    min_depth: float = setting(
        0.0, "smaller depth is NaN, m (or units while relative)", minimum=0.0, maximum=1e6
    )
    max_depth: float = setting(
        1e4, "larger depth is NaN, m (or units while relative)", minimum=1e-3, maximum=1e6
    )

    def __post_init__(self) -> None:
        if self.min_depth >= self.max_depth:
            raise ValueError(
                f"output.min_depth must be < output.max_depth, "
                f"got {self.min_depth} and {self.max_depth}"
            )


@dataclass(frozen=True)
class MonoConfig:
    """Everything the monocular pipeline can be told."""

    model: str = setting(
        "omeganet", "network that network.weights hold", choices=("omeganet", "sgdepth", "insta_dm")
    )
    network: NetworkConfig = field(default_factory=NetworkConfig)
    flow: FlowConfig = field(default_factory=FlowConfig)
    semantics: SemanticsConfig = field(default_factory=SemanticsConfig)
    buffer: BufferConfig = field(default_factory=BufferConfig)
    motion: MotionConfig = field(default_factory=MotionConfig)
    scale: ScaleConfig = field(default_factory=ScaleConfig)
    output: OutputConfig = field(default_factory=OutputConfig)
