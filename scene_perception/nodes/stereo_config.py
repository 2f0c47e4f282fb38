"""``stereo_node``'s settings: the pipeline's, and the node's beside them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from scene_perception.nodes.node_config import NodeConfig
from scene_perception.nodes.stereo_pairing import SyncConfig
from scene_perception.pipelines.stereo_config import StereoConfig
from scene_perception.settings import setting


@dataclass(frozen=True)
class StereoNodeConfig(NodeConfig, StereoConfig):
    """Everything ``stereo_node`` can be told; the pipeline reads its part of it."""

    RUN_TIME: ClassVar[tuple[str, ...]] = (
        "ego_motion.",
        "objects.",
        "output.min_depth",
        "output.max_depth",
        "points_",
    )

    baseline_m: float = setting(
        0.0,
        "distance from the left camera to the right one, m; 0 takes it from the cameras' P",
        minimum=0.0,
        maximum=10.0,
    )
    sync: SyncConfig = field(default_factory=SyncConfig)
