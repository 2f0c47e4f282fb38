"""A configuration dataclass as a ROS parameter file: every setting, default, meaning and range.

``python -m scene_perception.nodes.parameter_file config`` writes the files in ``config/``
anew; a test compares them.
"""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

from scene_perception.nodes.mono_config import MonoNodeConfig
from scene_perception.nodes.record_node import RecordConfig
from scene_perception.nodes.replay_config import ReplayConfig
from scene_perception.nodes.stereo_config import StereoNodeConfig
from scene_perception.settings import Rule, walk

CONFIGS: dict[str, object] = {
    "mono_node": MonoNodeConfig(),
    "stereo_node": StereoNodeConfig(),
    "replay_node": ReplayConfig(),
    "record_node": RecordConfig(),
}
_WIDTH = 100


def render(config: object) -> str:
    """Return the parameter file's text, for a node of any name and namespace."""
    lines = ["/**:", "  ros__parameters:"]
    opened: list[str] = []
    for name, value, rule in walk(config):
        *groups, leaf = name.split(".")
        if groups != opened:
            lines += [f"{_margin(depth)}{group}:" for depth, group in enumerate(groups)]
            opened = groups
        margin = _margin(len(groups))
        lines += textwrap.wrap(
            _comment(rule), _WIDTH, initial_indent=f"{margin}# ", subsequent_indent=f"{margin}# "
        )
        lines.append(f"{margin}{leaf}: {json.dumps(value)}")
    return "\n".join(lines) + "\n"


def _margin(depth: int) -> str:
    return "  " * (depth + 2)


def _comment(rule: Rule) -> str:
    if rule.choices:
        return f"{rule.description} ({' | '.join(rule.choices)})"
    ends = [f"{end:g}" for end in (rule.minimum, rule.maximum) if end is not None]
    if not ends:
        return rule.description
    step = f", multiple of {rule.multiple_of}" if rule.multiple_of else ""
    return f"{rule.description} [{' .. '.join(ends)}{step}]"


def main(arguments: Sequence[str]) -> None:
    """Write one file per node into a folder."""
    (folder,) = arguments
    for node, config in CONFIGS.items():
        (Path(folder) / f"{node}.yaml").write_text(render(config))


if __name__ == "__main__":
    main(sys.argv[1:])
