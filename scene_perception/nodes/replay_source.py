"""What ``replay_node`` plays: a recording or a folder of images."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from scene_perception.nodes.replay_config import ReplayConfig
from scene_perception.recordings.bags import Bag, is_bag
from scene_perception.recordings.playback import Source


def open_source(config: ReplayConfig, report: Callable[[str], None]) -> Source:
    """Open what ``source`` names.

    Raises:
        ValueError: for an empty ``source``, or a folder without images.
        BagError: for a recording that is missing or damaged.
    """
    if not config.source:
        raise ValueError("source must name a recording or a folder of images, got an empty string")
    path = Path(config.source).expanduser()
    if is_bag(path) or not path.is_dir():
        return Bag(path)
    # Images bring torch (through Intrinsics), seconds that a recording does not need.
    from scene_perception.nodes.replay_images import open_folder  # noqa: PLC0415

    return open_folder(path, config.images, report)
