"""What the demo runs: a pipeline's node, its recording, and the outputs that must come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from offline.live_run import LiveRun, Parameters
from offline.recording import Summary


@dataclass(frozen=True)
class Show:
    """A pipeline that is shown.

    Attributes:
        node: that runs it.
        network: its published name, for headlines.
        camera: topic of the frames that everything is described in.
        rows: topic -> caption of the pictures that are drawn below the camera's.
        short: topic -> number of frames that have no message, as they lack a neighbour.
        parameters: of the node.
        replay: parameters of ``replay_node``.
    """

    node: str
    network: str
    camera: str
    rows: Mapping[str, str]
    short: Mapping[str, int]
    parameters: Parameters = field(default_factory=dict)
    replay: Parameters = field(default_factory=dict)

    def live_run(self, folder: Path, source: Path, weights: Path | None) -> LiveRun:
        """Return the run on the recording ``source`` with ``weights``, or the package's own."""
        network = {} if weights is None else {"network.weights": str(weights.resolve())}
        replay = {"pace": "consumer", "delay_s": 3.0, "frame_topic": self.camera, **self.replay}
        return LiveRun(source, folder, {**self.parameters, **network}, replay, name=self.node)


MONO = Show(
    node="mono_node",
    network="OmegaNet",
    camera="/image_rect",
    rows={
        "/depth/color": "depth (red near, blue far)",
        "/semantic/color": "semantics",
        "/flow/color": "optical flow to the next frame",
        "/motion_mask/color": "moving objects",
    },
    short={
        "/depth/image_rect": 0,
        "/semantic/image": 0,
        "/flow/image": 2,
        "/motion_mask/image": 2,
        "/motion_probability/image": 2,
        "/ego_motion": 2,
    },
)
# Without ego_motion: none is published where too few points agree on one.
_STEREO_OUTPUTS = (
    "/disparity",
    "/disparity/color",
    "/depth/image_rect",
    "/depth/camera_info",
    "/depth/color",
    "/flow/image",
    "/flow/color",
    "/scene_flow/image",
    "/scene_flow/color",
    "/validity/image",
    "/validity/color",
    "/motion_mask/image",
    "/motion_mask/color",
    "/moving_objects",
    "/moving_objects/markers",
    "/points",
)
STEREO = Show(
    node="stereo_node",
    network="DWARF",
    camera="/left/image_rect",
    rows={
        "/disparity/color": "disparity (red near, blue far)",
        "/flow/color": "optical flow to the next pair",
        "/scene_flow/color": "3D velocity relative to the camera, seen from above",
        "/motion_mask/color": "moving objects",
    },
    short=dict.fromkeys(_STEREO_OUTPUTS, 1),
    # Smaller than the default, so that the demo takes minutes on two cores.
    parameters={"network.height": 192, "network.width": 640},
    replay={"answers_behind": 1},
)


def missing_outputs(show: Show, summary: Summary, frames: int) -> list[str]:
    """Return a line for each output of a run on ``frames`` frames that lacks messages."""
    expected = {topic: frames - short for topic, short in show.short.items()}
    return [
        f"{topic}: expected {count} messages for {frames} frames, recorded {found}"
        for topic, count in expected.items()
        if (found := _different(summary, topic)) != count
    ]


def _different(summary: Summary, topic: str) -> int:
    """Return the number of frames that a topic describes; of messages where they lack a stamp."""
    if topic in summary.stamps_ns:
        return len(set(summary.stamps_ns[topic]))
    return summary.counts.get(topic, 0)
