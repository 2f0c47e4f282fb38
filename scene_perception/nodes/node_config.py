"""What every perception node can be told beside its pipeline, and what may change when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from scene_perception.settings import setting, walk

START_ONLY = frozenset({"autostart"})
"""Read once at start; read-only parameters."""


@dataclass(frozen=True)
class NodeConfig:
    """Settings of a node around a pipeline, whose own settings stand beside them.

    Attributes:
        RUN_TIME: beginnings of the names that a configured node takes new values for, from
            the next frame on.
    """

    RUN_TIME: ClassVar[tuple[str, ...]] = ("points_",)

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
    points_stride: int = setting(
        2, "points holds every n-th row and column of the image", minimum=1, maximum=16
    )

    @classmethod
    def may_change_while_running(cls, name: str) -> bool:
        """Return whether a configured node takes a new value, from the next frame on."""
        return name.startswith(cls.RUN_TIME)


def refuse_while_configured(old: NodeConfig, new: NodeConfig) -> None:
    """Refuse a change that a configured node cannot make.

    Raises:
        ValueError: naming the setting, its value and the way to change it.
    """
    for (name, before, _), (_, after, _) in zip(walk(old), walk(new), strict=True):
        if before != after and not old.may_change_while_running(name):
            raise ValueError(
                f"{name} must stay {before!r} while the node is configured, got {after!r}: "
                "clean up the node, set it and configure again"
            )
