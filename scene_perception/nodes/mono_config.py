"""``mono_node``'s settings: the pipeline's, and the node's beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scene_perception.nodes.node_config import NodeConfig
from scene_perception.pipelines.config import MonoConfig
from scene_perception.settings import setting


@dataclass(frozen=True)
class MonoNodeConfig(NodeConfig, MonoConfig):
    """Everything ``mono_node`` can be told; the pipeline reads its part of it."""

    RUN_TIME: ClassVar[tuple[str, ...]] = (
        "motion.threshold",
        "scale.",
        "output.min_depth",
        "output.max_depth",
        "points_",
    )

    points_wait_for_motion: bool = setting(
        False,
        "publish points with velocities, one frame later; false publishes them at once and "
        "their velocities are NaN",
    )
