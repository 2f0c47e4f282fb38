from dataclasses import replace

import pytest

from scene_perception.nodes.mono_config import MonoNodeConfig
from scene_perception.nodes.node_config import refuse_while_configured
from scene_perception.pipelines.config import MotionConfig
from scene_perception.settings import check, walk


def test_the_defaults_obey_their_own_rules() -> None:
    check(MonoNodeConfig())


def test_the_node_has_the_pipelines_settings_under_their_names_beside_its_own() -> None:
    names = {name for name, _, _ in walk(MonoNodeConfig())}
    assert {"network.weights", "scale.source", "image_transport", "autostart"} <= names


@pytest.mark.parametrize(
    ("name", "may"),
    [
        ("motion.threshold", True),
        ("scale.factor", True),
        ("output.max_depth", True),
        ("points_stride", True),
        ("motion.intrinsics", False),
        ("network.weights", False),
        ("image_transport", False),
    ],
)
def test_only_what_the_next_frame_can_follow_changes_while_running(name: str, may: bool) -> None:
    assert MonoNodeConfig.may_change_while_running(name) is may


def test_a_change_that_needs_a_new_start_is_refused_with_the_way_to_make_it() -> None:
    old = MonoNodeConfig()
    new = replace(old, image_transport="compressed")
    with pytest.raises(ValueError, match=r"image_transport must stay 'raw'.*got 'compressed'"):
        refuse_while_configured(old, new)


def test_a_change_for_the_next_frame_passes() -> None:
    old = MonoNodeConfig()
    refuse_while_configured(old, replace(old, motion=MotionConfig(threshold=0.9)))
