from dataclasses import replace

import pytest

from scene_perception.nodes.node_config import refuse_while_configured
from scene_perception.nodes.parameters import with_values
from scene_perception.nodes.stereo_config import StereoNodeConfig
from scene_perception.pipelines.stereo_config import StereoConfig
from scene_perception.settings import check, walk


def test_the_defaults_obey_their_own_rules() -> None:
    check(StereoNodeConfig())


def test_the_pipelines_settings_keep_their_own_defaults_beside_the_nodes() -> None:
    own, pipeline = dict(named(StereoNodeConfig())), dict(named(StereoConfig()))
    assert pipeline.items() <= own.items()
    assert {"sync.mode", "sync.tolerance_s", "baseline_m", "image_transport"} <= set(own)


def named(config: object) -> list[tuple[str, object]]:
    return [(name, value) for name, value, _ in walk(config)]


@pytest.mark.parametrize(
    ("name", "may"),
    [
        ("ego_motion.inlier_px", True),
        ("objects.min_pixels", True),
        ("output.max_depth", True),
        ("points_stride", True),
        ("output.describes", False),
        ("sync.tolerance_s", False),
        ("baseline_m", False),
        ("semantics.weights", False),
    ],
)
def test_only_what_the_next_pair_can_follow_changes_while_running(name: str, may: bool) -> None:
    assert StereoNodeConfig.may_change_while_running(name) is may


def test_a_change_that_needs_a_new_start_is_refused_with_the_way_to_make_it() -> None:
    old = StereoNodeConfig()
    with pytest.raises(ValueError, match=r"sync\.mode must stay 'approximate'.*got 'exact': clean"):
        refuse_while_configured(old, with_values(old, {"sync.mode": "exact"}))


def test_a_baseline_of_a_house_is_refused() -> None:
    with pytest.raises(ValueError, match=r"baseline_m must be <= 10\.0, got 54\.0"):
        check(replace(StereoNodeConfig(), baseline_m=54.0))
