"""``mono_node``'s settings: the pipeline's, and its own beside them."""

from __future__ import annotations

from dataclasses import dataclass

from scene_perception.pipelines.config import MonoConfig
from scene_perception.settings import setting, walk

START_ONLY = frozenset({"autostart"})
"""Read once at start; read-only parameters."""

_RUN_TIME = ("motion.threshold", "scale.", "output.min_depth", "output.max_depth", "points_")


@dataclass(frozen=True)
class MonoNodeConfig(MonoConfig):
    """Everything ``mono_node`` can be told; the pipeline reads its part of it."""

    image_transport: str = setting(
        "raw",
        "raw subscribes to image_rect, compressed to image_rect/compressed",
        choices=("raw", "compressed"),
    )
    image_reliability: str = setting(
        "best_effort",
        "QoS reliability of the image subscription; best_effort matches every publisher",
        choices=("best_effort", "reliable"),
    )
    autostart: bool = setting(
        True, "configure and activate at start; false waits for a lifecycle manager"
    )
    lazy: bool = setting(True, "skip the motion decoders while no motion topic has a subscriber")
    points_stride: int = setting(
        2, "points holds every n-th row and column of the image", minimum=1, maximum=16
    )
    points_wait_for_motion: bool = setting(
        False,
        "publish points with velocities, one frame later; false publishes them at once and "
        "their velocities are NaN",
    )
    camera_info_wait_s: float = setting(
        0.5,
        "how long the first frame waits for a CameraInfo that has a publisher, s",
        minimum=0.0,
        maximum=10.0,
    )
    diagnostics_period_s: float = setting(
        1.0, "time between two diagnostics messages, s", minimum=0.1, maximum=60.0
    )
    no_image_warning_s: float = setting(
        5.0, "warn each time that no image has come for this long, s", minimum=0.5, maximum=600.0
    )


def may_change_while_running(name: str) -> bool:
    """Return whether a configured node takes a new value, from the next frame on."""
    return name.startswith(_RUN_TIME)


def refuse_while_configured(old: MonoNodeConfig, new: MonoNodeConfig) -> None:
    """Refuse a change that a configured node cannot make.

    Raises:
        ValueError: naming the setting, its value and the way to change it.
    """
    for (name, before, _), (_, after, _) in zip(walk(old), walk(new), strict=True):
        if before != after and not may_change_while_running(name):
            raise ValueError(
                f"{name} must stay {before!r} while the node is configured, got {after!r}: "
                "clean up the node, set it and configure again"
            )
