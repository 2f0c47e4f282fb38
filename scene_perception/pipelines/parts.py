"""The engines that a pipeline is made of, run by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor

from scene_perception.engines.base import Engine
from scene_perception.pipelines.config import MonoConfig
from scene_perception.pipelines.frame_buffer import kept
from scene_perception.pipelines.timing import StageTimer

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


class PartRunner:
    """Runs parts on named tensors and times each.

    Attributes:
        engines: by part.
        timer: of the step at hand; the caller sets a new one for each.
    """

    def __init__(self, engines: Mapping[str, Engine]) -> None:
        self.engines = dict(engines)
        self.timer = StageTimer()

    def run(self, part: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Run one part on those of ``tensors`` that it takes."""
        engine = self.engines[part]
        with self.timer.stage(part):
            return engine(**{name: tensors[name] for name in engine.inputs})

    def encode(self, tensors: Mapping[str, Tensor], parts: Sequence[str]) -> dict[str, Tensor]:
        """Return copies of what ``parts`` make of ``tensors``."""
        features: dict[str, Tensor] = {}
        for part in parts:
            outputs = self.run(part, tensors)
            with self.timer.stage("buffer"):
                features |= kept(outputs)
        return features
