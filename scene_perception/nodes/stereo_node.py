"""``stereo_node``: a stereo camera in; disparity, depth, scene flow and moving objects out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from scene_perception.engines.config import NetworkConfig
from scene_perception.engines.load import LoadedEngines, load_dwarf_engines
from scene_perception.nodes.diagnostics import Task
from scene_perception.nodes.perception_node import PerceptionNode
from scene_perception.nodes.run import run
from scene_perception.nodes.stereo_config import StereoNodeConfig
from scene_perception.nodes.stereo_publishers import StereoPublishers
from scene_perception.nodes.stereo_session import StereoSession
from scene_perception.pipelines.stereo import StereoPipeline

Loader = Callable[[NetworkConfig, NetworkConfig | None], LoadedEngines]


class StereoNode(PerceptionNode[StereoNodeConfig, StereoPipeline, StereoPublishers, StereoSession]):
    """DWARF on a stereo camera.

    Args:
        load: makes the engines when the node is configured.
        options: of ``rclpy.node.Node``.

    Raises:
        ValueError: naming the parameter whose start-up value is refused, and why.
    """

    def __init__(self, load: Loader = load_dwarf_engines, **options: object) -> None:
        self._load = load
        super().__init__("stereo_node", StereoNodeConfig(), **options)

    def load_engines(self) -> LoadedEngines:
        """Load DWARF, and DSNet where there are weights for semantics."""
        network = self.config.network
        return self._load(network, self.config.semantics.network(network))

    def create_pipeline(self, config: StereoNodeConfig) -> StereoPipeline:
        """Make a pipeline; ValueError says why the engines cannot serve."""
        return StereoPipeline(self.engines, config)

    def create_outputs(self, pipeline: StereoPipeline) -> StereoPublishers:
        """Make the output topics; without DSNet there are none of semantics."""
        labels = pipeline.provides_labels
        return StereoPublishers(self, self.config, self.journal, provides_labels=labels)

    def create_session(self, pipeline: StereoPipeline, outputs: StereoPublishers) -> StereoSession:
        """Start to receive and to work."""
        return StereoSession(self, pipeline, outputs, self.config, self.journal)

    def tasks(self) -> tuple[Task, ...]:
        """Return what is known about the stereo camera."""
        camera = self.session.camera if self.session else None
        if camera is None:
            return (Task("calibration", ()),)
        values = {
            "size [px]": f"{camera.left.width}x{camera.left.height}",
            "fx [px]": f"{camera.left.fx:.6g}",
            "baseline [m]": f"{camera.baseline_m:.6g}",
            "disparity at infinity [px]": f"{camera.zero_disparity_px:.6g}",
        }
        return (Task("calibration", tuple(values.items())),)


def main(args: Sequence[str] | None = None) -> int:
    """Run ``stereo_node`` until it is told to end; return the process's exit status."""
    return run(StereoNode, args)


if __name__ == "__main__":
    sys.exit(main())
