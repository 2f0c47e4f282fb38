"""The README names what exists, and all of what a user sets or subscribes to."""

import importlib.util
import re

import pytest

from scene_perception.nodes import outputs, stereo_outputs
from scene_perception.nodes.label_info import LABELS
from scene_perception.nodes.mono_config import MonoNodeConfig
from scene_perception.nodes.mono_publishers import POINTS, UNIT
from scene_perception.nodes.stereo_config import StereoNodeConfig
from scene_perception.settings import walk

CONFIGS = (MonoNodeConfig(), StereoNodeConfig())
PARAMETERS = {name for config in CONFIGS for name, _, _ in walk(config)}
TOPICS = {
    *("left/image_rect", "left/camera_info", "right/image_rect", "right/camera_info"),
    *(POINTS, LABELS, UNIT),
    *(name for table in outputs.DEPTH_TABLES.values() for name in table),
    *(name for table in outputs.MOTION_TABLES.values() for name in table),
    *(stereo_outputs.DEPTH_OUTPUTS.keys() | stereo_outputs.MOTION_OUTPUTS.keys()),
}


@pytest.fixture(scope="module")
def readme(repository):
    return (repository / "README.md").read_text()


@pytest.fixture(scope="module")
def named(readme):
    """Everything between backticks."""
    return set(re.findall(r"`([^`\n]+)`", readme))


@pytest.mark.parametrize("name", sorted(PARAMETERS))
def test_every_parameter_is_named(named, name):
    assert name in named


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_every_topic_is_named(named, topic):
    assert topic in named


def test_every_tool_it_names_exists(readme):
    tools = set(re.findall(r"python -m ([\w.]+)", readme))
    assert {"offline.parity", "offline.benchmark", "offline.convert"} <= tools
    assert [tool for tool in tools if importlib.util.find_spec(tool) is None] == []


def test_every_make_target_it_names_exists(readme, repository):
    targets = set(re.findall(r"make (\w+)", readme))
    rules = re.findall(r"^(\w+):", (repository / "Makefile").read_text(), re.MULTILINE)
    assert {"demo", "test"} <= targets <= set(rules)


def test_every_file_it_shows_or_links_exists(readme, repository):
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", readme) if "://" not in link]
    assert links
    assert [link for link in links if not (repository / link).exists()] == []
