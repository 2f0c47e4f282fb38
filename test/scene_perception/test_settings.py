"""Settings carry their rules; a configuration is checked as a whole."""

from dataclasses import dataclass, field, replace

import pytest

from scene_perception.pipelines.config import MonoConfig, OutputConfig, ScaleConfig
from scene_perception.settings import check, setting, violation, walk


@dataclass(frozen=True)
class Inner:
    size: int = setting(64, "size, px", minimum=64, maximum=256, multiple_of=64)


@dataclass(frozen=True)
class Outer:
    mode: str = setting("a", "mode", choices=("a", "b"))
    enabled: bool = setting(True, "switch")
    inner: Inner = field(default_factory=Inner)


def test_walk_names_nested_settings_with_dots():
    rows = [(name, value, rule.description) for name, value, rule in walk(Outer())]
    assert rows == [
        ("mode", "a", "mode"),
        ("enabled", True, "switch"),
        ("inner.size", 64, "size, px"),
    ]


@pytest.mark.parametrize("size", [64, 256])
def test_both_ends_of_a_range_are_allowed(size):
    check(Outer(inner=Inner(size)))


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (Outer(inner=Inner(0)), "inner.size must be >= 64, got 0"),
        (Outer(inner=Inner(320)), "inner.size must be <= 256, got 320"),
        (Outer(inner=Inner(100)), "inner.size must be a multiple of 64, got 100"),
        (Outer(mode="c"), "mode must be one of a, b, got 'c'"),
        (
            MonoConfig(scale=ScaleConfig(factor=float("nan"))),
            "scale.factor must be finite, got nan",
        ),
    ],
)
def test_a_broken_rule_is_named_with_the_value(config, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        check(config)


def test_a_switch_has_no_range():
    rule = next(rule for name, _, rule in walk(Outer()) if name == "enabled")
    assert violation(False, rule) == ""


def test_the_defaults_of_the_monocular_pipeline_keep_their_own_rules():
    check(MonoConfig())


def test_every_setting_of_the_monocular_pipeline_is_described():
    assert all(rule.description for _, _, rule in walk(MonoConfig()))


def test_a_depth_range_turned_around_is_refused():
    with pytest.raises(ValueError, match=r"min_depth must be < output.max_depth, got 5.0 and 5.0"):
        replace(OutputConfig(), min_depth=5.0, max_depth=5.0)
