"""From options to the settings of a node, and to its engines."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, fields, replace
from typing import Any

from offline.exporting.build import ExportBuild
from scene_perception.engines.config import NetworkConfig
from scene_perception.engines.load import LoadedEngines, load_dwarf_engines, load_mono_engines
from scene_perception.engines.networks import MONO_MODELS
from scene_perception.pipelines.config import FlowConfig, MonoConfig, SemanticsConfig
from scene_perception.pipelines.stereo_config import StereoConfig, StereoSemanticsConfig
from scene_perception.settings import check

STEREO = "dwarf"
MODELS = (*MONO_MODELS, STEREO)


@dataclass(frozen=True)
class Choice:
    """A node's settings, as far as its engines depend on them.

    Attributes:
        config: of ``mono_node`` or ``stereo_node``.
    """

    config: MonoConfig | StereoConfig

    @property
    def stereo(self) -> bool:
        """Whether the network takes pairs of images."""
        return isinstance(self.config, StereoConfig)

    def load(self, build: ExportBuild) -> LoadedEngines:
        """Load engines as the node would, but by ``build``."""
        config, network = self.config, self.config.network
        if isinstance(config, StereoConfig):
            return load_dwarf_engines(network, config.semantics.network(network), build=build)
        return load_mono_engines(
            network,
            config.model,
            flow=config.flow.weights,
            semantics=config.semantics.weights,
            build=build,
        )


def choose(options: argparse.Namespace) -> Choice:
    """Return the settings that options stand for; what is not given is as in the node.

    Raises:
        ValueError: naming a setting that is out of its range, or one that the node has not.
    """
    if options.model == STEREO:
        if options.flow:
            raise ValueError(f"--flow is for mono_node's models, {STEREO} gives flow itself")
        stereo = StereoConfig()
        semantics = StereoSemanticsConfig(options.semantics)
        size = {"height": options.semantics_height, "width": options.semantics_width}
        config: MonoConfig | StereoConfig = replace(
            stereo,
            network=_network(stereo.network, options),
            semantics=replace(semantics, **_given(size)),
        )
    else:
        mono = MonoConfig()
        config = replace(
            mono,
            model=options.model,
            network=_network(mono.network, options),
            flow=FlowConfig(options.flow),
            semantics=SemanticsConfig(options.semantics),
        )
    check(config)
    return Choice(config)


def _network(default: NetworkConfig, options: argparse.Namespace) -> NetworkConfig:
    names = {field.name for field in fields(default)}
    given = {name: value for name, value in _given(vars(options)).items() if name in names}
    cache_dir = "" if options.cache is None else str(options.cache)
    return replace(default, **given, cache_dir=cache_dir)


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
