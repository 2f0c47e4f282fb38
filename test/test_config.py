"""The shipped parameter files and layouts agree with the nodes."""

import json

import pytest
import yaml

from scene_perception.nodes.outputs import DEPTH_OUTPUTS, MOTION_OUTPUTS
from scene_perception.nodes.parameter_file import CONFIGS, render
from scene_perception.nodes.parameters import with_values

PUBLISHED = {*DEPTH_OUTPUTS, *MOTION_OUTPUTS, "points", "semantic/labels", "diagnostics"}
INPUTS = {"image_rect", "camera_info"}
EXPECTED_ON_SCREEN = {"image_rect", "depth/color", "semantic/color", "flow/color", "points"}


def flat(parameters, prefix=""):
    values = {}
    for name, value in parameters.items():
        inner = flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {}
        values |= inner or {prefix + name: value}
    return values


@pytest.mark.parametrize("node", CONFIGS)
def test_parameter_file_says_every_setting_with_default_meaning_and_range(node, repository):
    shipped = (repository / "config" / f"{node}.yaml").read_text()
    remedy = "run: python -m scene_perception.nodes.parameter_file config"
    assert shipped == render(CONFIGS[node]), remedy


@pytest.mark.parametrize("node", CONFIGS)
def test_parameter_file_gives_the_default_configuration(node, repository):
    content = yaml.safe_load((repository / "config" / f"{node}.yaml").read_text())
    values = flat(content["/**"]["ros__parameters"])
    assert with_values(CONFIGS[node], values) == CONFIGS[node]


def test_every_node_has_its_parameter_file_and_no_other_exists(repository):
    assert {path.stem for path in (repository / "config").glob("*.yaml")} == set(CONFIGS)


@pytest.fixture
def rviz(repository):
    layout = yaml.safe_load((repository / "config" / "omeganet.rviz").read_text())
    return layout["Visualization Manager"]["Displays"], layout["Window Geometry"]


def test_rviz_shows_topics_that_the_node_has(rviz):
    displays, _ = rviz
    shown = {display["Topic"]["Value"].lstrip("/") for display in displays if "Topic" in display}
    assert shown >= EXPECTED_ON_SCREEN
    assert shown <= PUBLISHED | INPUTS


def test_rviz_subscribes_so_that_every_publisher_matches(rviz):
    displays, _ = rviz
    policies = {d["Topic"]["Reliability Policy"] for d in displays if "Topic" in d}
    assert policies == {"Best Effort"}


def test_rviz_opens_the_panel_of_every_image(rviz):
    displays, panels = rviz
    images = {d["Name"] for d in displays if d["Class"] == "rviz_default_plugins/Image"}
    assert images
    assert all(not panels[name]["collapsed"] for name in images)


@pytest.fixture
def foxglove(repository):
    return json.loads((repository / "config" / "omeganet_foxglove.json").read_text())


def topics_in(panel):
    """Every topic that a Foxglove panel names; a plotted field follows its topic after a dot."""
    if isinstance(panel, dict):
        return set().union(*(topics_in(key) | topics_in(panel[key]) for key in panel))
    if isinstance(panel, list):
        return set().union(*map(topics_in, panel))
    is_topic = isinstance(panel, str) and panel.startswith("/")
    return {panel.lstrip("/").split(".")[0]} if is_topic else set()


def panels_in(layout):
    if isinstance(layout, str):
        return [layout]
    return panels_in(layout["first"]) + panels_in(layout["second"])


def test_foxglove_shows_topics_that_the_node_has(foxglove):
    shown = topics_in(foxglove["configById"])
    assert shown >= EXPECTED_ON_SCREEN
    assert shown <= PUBLISHED | INPUTS


def test_foxglove_places_every_panel_once(foxglove):
    assert sorted(panels_in(foxglove["layout"])) == sorted(foxglove["configById"])
