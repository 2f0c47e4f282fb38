"""The shipped parameter files and layouts agree with the nodes."""

import json
from typing import NamedTuple

import pytest
import yaml

from scene_perception.nodes import outputs, stereo_outputs
from scene_perception.nodes.parameter_file import CONFIGS, render
from scene_perception.nodes.parameters import with_values

SHARED = {"points": "PointCloud2", "semantic/labels": "String", "diagnostics": "DiagnosticArray"}


def types_of(*tables):
    return {
        name: output.message_type.__name__ for table in tables for name, output in table.items()
    }


class Layout(NamedTuple):
    """A shipped layout's name, its node's topics with their types, and what it must show."""

    name: str
    topics: dict[str, str]
    expected: set[str]


LAYOUTS = (
    Layout(
        "omeganet",
        types_of(*outputs.DEPTH_TABLES.values(), *outputs.MOTION_TABLES.values())
        | SHARED
        | {"image_rect": "Image", "camera_info": "CameraInfo"},
        {"image_rect", "depth/color", "semantic/color", "flow/color", "points"},
    ),
    Layout(
        "dwarf",
        types_of(
            stereo_outputs.DEPTH_OUTPUTS,
            stereo_outputs.SEMANTIC_OUTPUTS,
            stereo_outputs.MOTION_OUTPUTS,
        )
        | SHARED
        | {"left/image_rect": "Image", "left/camera_info": "CameraInfo"},
        {
            *("left/image_rect", "disparity/color", "depth/color", "flow/color", "points"),
            *("scene_flow/color", "motion_mask/color", "moving_objects/markers"),
        },
    ),
)


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


@pytest.fixture(params=LAYOUTS, ids=lambda layout: layout.name)
def layout(request):
    return request.param


@pytest.fixture
def rviz(layout, repository):
    return yaml.safe_load((repository / "config" / f"{layout.name}.rviz").read_text())


@pytest.fixture
def displays(rviz):
    return [d for d in rviz["Visualization Manager"]["Displays"] if "Topic" in d]


def test_every_layout_is_shipped_for_rviz_and_foxglove_and_no_other_exists(repository):
    wanted = {layout.name + end for layout in LAYOUTS for end in (".rviz", "_foxglove.json")}
    files = (path for path in (repository / "config").iterdir() if path.is_file())
    found = {path.name for path in files if path.suffix != ".yaml"}
    assert found == wanted


def test_rviz_shows_topics_that_the_node_has_as_what_they_are(layout, displays):
    shown = {d["Topic"]["Value"].lstrip("/"): d["Class"].partition("/")[2] for d in displays}
    assert set(shown) >= layout.expected
    assert shown.items() <= layout.topics.items()


def test_rviz_subscribes_so_that_every_publisher_matches(displays):
    assert {display["Topic"]["Reliability Policy"] for display in displays} == {"Best Effort"}


def test_rviz_opens_the_panel_of_every_image(rviz, displays):
    images = {d["Name"] for d in displays if d["Class"] == "rviz_default_plugins/Image"}
    assert images
    assert all(not rviz["Window Geometry"][name]["collapsed"] for name in images)


@pytest.fixture
def foxglove(layout, repository):
    return json.loads((repository / "config" / f"{layout.name}_foxglove.json").read_text())


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


def test_foxglove_shows_topics_that_the_node_has(layout, foxglove):
    shown = topics_in(foxglove["configById"])
    assert shown >= layout.expected
    assert shown <= set(layout.topics)


def test_foxglove_places_every_panel_once(foxglove):
    assert sorted(panels_in(foxglove["layout"])) == sorted(foxglove["configById"])
