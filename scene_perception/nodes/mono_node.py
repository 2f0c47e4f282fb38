"""``mono_node``: a camera topic in; depth, semantics, flow, ego-motion and moving objects out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from scene_perception.engines.load import LoadedEngines, load_mono_engines
from scene_perception.nodes.diagnostics import Task, scale_task
from scene_perception.nodes.mono_config import MonoNodeConfig
from scene_perception.nodes.mono_publishers import MonoPublishers
from scene_perception.nodes.mono_session import MonoSession
from scene_perception.nodes.perception_node import PerceptionNode
from scene_perception.nodes.run import run
from scene_perception.pipelines.mono import MonoPipeline

Loader = Callable[..., LoadedEngines]


class MonoNode(PerceptionNode[MonoNodeConfig, MonoPipeline, MonoPublishers, MonoSession]):
    """OmegaNet, SGDepth or Insta-DM on one camera.

    Args:
        load: makes the engines when the node is configured, as ``load_mono_engines``.
        options: of ``rclpy.node.Node``.

    Raises:
        ValueError: naming the parameter whose start-up value is refused, and why.
    """

    def __init__(self, load: Loader = load_mono_engines, **options: object) -> None:
        self._load = load
        super().__init__("mono_node", MonoNodeConfig(), **options)

    def load_engines(self) -> LoadedEngines:
        """Load the model, and what gives flow and labels beside it."""
        flow, semantics = self.config.flow.weights, self.config.semantics.weights
        return self._load(self.config.network, self.config.model, flow=flow, semantics=semantics)

    def create_pipeline(self, config: MonoNodeConfig) -> MonoPipeline:
        """Make a pipeline; ValueError says why the engines cannot serve."""
        return MonoPipeline(self.engines, config)

    def create_outputs(self, pipeline: MonoPipeline) -> MonoPublishers:
        """Make the output topics of what the engines give."""
        return MonoPublishers(self, self.config, self.statistics, pipeline.contents)

    def create_session(self, pipeline: MonoPipeline, outputs: MonoPublishers) -> MonoSession:
        """Start to receive and to work."""
        return MonoSession(self, pipeline, outputs, self.config, self.journal)

    def tasks(self) -> tuple[Task, ...]:
        """Return what is known about the scale of depth."""
        if self.session is None or self._outputs is None:
            return (scale_task(None, ""),)
        return (scale_task(self._outputs.scale, self.session.scale_status),)


def main(args: Sequence[str] | None = None) -> int:
    """Run ``mono_node`` until it is told to end; return the process's exit status."""
    return run(MonoNode, args)


if __name__ == "__main__":
    sys.exit(main())
