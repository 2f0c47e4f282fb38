"""The engines that the monocular pipeline is made of."""

from __future__ import annotations

from collections.abc import Mapping

from scene_perception.engines.base import Engine
from scene_perception.pipelines.config import MonoConfig

ENCODERS = ("camera_encoder", "flow_encoder")
PARTS = ("dsnet", *ENCODERS, "camera_decoder", "flow_decoder", "rigid_motion")


def check_engines(engines: Mapping[str, Engine], config: MonoConfig) -> None:
    """Refuse engines that do not make a pipeline or do not fit ``config``.

    Raises:
        ValueError: for anything but ``dsnet`` alone or all of ``PARTS``, for engines of another
            input size, or for a scale source that depth alone cannot serve.
    """
    if set(engines) not in ({"dsnet"}, set(PARTS)):
        raise ValueError(f"engines must be dsnet alone or {', '.join(PARTS)}, got {list(engines)}")
    expected = (1, 3, config.network.height, config.network.width)
    actual = engines["dsnet"].inputs["image"].shape
    if actual != expected:
        raise ValueError(f"engine dsnet must take images of {expected}, got {actual}")
    if config.scale.source == "odometry" and set(engines) == {"dsnet"}:
        raise ValueError(
            "scale.source must be none, fixed or camera_height with depth-only weights, got "
            "odometry: there is no camera motion to compare with"
        )
