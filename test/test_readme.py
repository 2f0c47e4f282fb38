"""The README names what exists, and all of what a user sets or subscribes to."""

import importlib.util
import re

import pytest

from scene_perception.nodes.label_info import LABELS
from scene_perception.nodes.mono_config import MonoNodeConfig
from scene_perception.nodes.mono_publishers import POINTS, UNIT
from scene_perception.nodes.outputs import DEPTH_OUTPUTS, MOTION_OUTPUTS
from scene_perception.settings import walk


@pytest.fixture(scope="module")
def readme(repository):
    return (repository / "README.md").read_text()


@pytest.fixture(scope="module")
def named(readme):
    """Everything between backticks."""
    return set(re.findall(r"`([^`\n]+)`", readme))


@pytest.mark.parametrize("name", [name for name, _, _ in walk(MonoNodeConfig())])
def test_every_parameter_is_named(named, name):
    assert name in named


@pytest.mark.parametrize("topic", [*DEPTH_OUTPUTS, *MOTION_OUTPUTS, POINTS, LABELS, UNIT])
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
