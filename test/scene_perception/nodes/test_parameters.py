from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
import rclpy
from rclpy.context import Context
from rclpy.node import Node
from rclpy.parameter import Parameter

from scene_perception.nodes import parameters
from scene_perception.settings import setting

MakeNode = Callable[..., Node]


@dataclass(frozen=True)
class Inner:
    source: str = setting("none", "where from", choices=("none", "fixed"))
    factor: float = setting(1.0, "metres per unit", minimum=0.5, maximum=10.0)


@dataclass(frozen=True)
class Config:
    stride: int = setting(4, "every n-th pixel", minimum=2, maximum=16, multiple_of=2)
    lazy: bool = setting(True, "skip what nobody reads")
    scale: Inner = field(default_factory=Inner)


@pytest.fixture
def make_node() -> Iterator[MakeNode]:
    """Make nodes with start-up parameters, in a context of their own."""
    context = Context()
    rclpy.init(context=context)
    nodes: list[Node] = []

    def make(**overrides: object) -> Node:
        given = [Parameter(name.replace("__", "."), value=v) for name, v in overrides.items()]
        nodes.append(Node("probe", context=context, parameter_overrides=given))
        return nodes[-1]

    yield make
    for node in nodes:
        node.destroy_node()
    rclpy.shutdown(context=context)


def test_without_overrides_the_defaults_come_back(make_node: MakeNode) -> None:
    assert parameters.declare(make_node(), Config()) == Config()


def test_start_up_values_replace_nested_defaults(make_node: MakeNode) -> None:
    config = parameters.declare(make_node(scale__source="fixed", stride=8), Config())
    assert config == Config(stride=8, scale=Inner(source="fixed"))


def test_a_whole_number_is_taken_for_a_double(make_node: MakeNode) -> None:
    config = parameters.declare(make_node(scale__factor=2), Config())
    assert config.scale.factor == 2.0
    assert isinstance(config.scale.factor, float)


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("stride", 3, "step: 2"),
        ("stride", 32, "Max: 16"),
        ("scale__factor", 0.1, "Min: 0.5"),
        ("scale__factor", 100, "scale.factor must be <= 10.0"),
        ("scale__factor", "two", "scale.factor must be a double"),
        ("scale__source", "guess", "one of none, fixed"),
        ("stride", "many", "INTEGER"),
        ("lazy", 1, "BOOL"),
    ],
)
def test_a_wrong_start_up_value_is_refused_by_name_rule_and_value(
    make_node: MakeNode, name: str, value: object, rule: str
) -> None:
    with pytest.raises(ValueError) as refusal:  # noqa: PT011 - the text is checked below
        parameters.declare(make_node(**{name: value}), Config())
    text = str(refusal.value)
    assert name.replace("__", ".") in text
    assert rule in text
    assert str(value) in text


def test_tools_see_description_range_and_choices(make_node: MakeNode) -> None:
    node = make_node()
    parameters.declare(node, Config(), fixed={"lazy"})
    stride = node.describe_parameter("stride")
    assert stride.description == "every n-th pixel"
    span = stride.integer_range[0]
    assert (span.from_value, span.to_value, span.step) == (2, 16, 2)
    factor = node.describe_parameter("scale.factor").floating_point_range[0]
    assert (factor.from_value, factor.to_value) == (0.5, 10.0)
    assert node.describe_parameter("scale.source").additional_constraints == "choices: none, fixed"
    assert node.describe_parameter("lazy").read_only
    assert not stride.read_only


def test_changed_takes_known_names_and_leaves_others_alone() -> None:
    given = [Parameter("scale.factor", value=3), Parameter("use_sim_time", value=True)]
    assert parameters.changed(Config(), given) == Config(scale=Inner(factor=3.0))


def test_changed_refuses_a_value_that_breaks_its_rule() -> None:
    with pytest.raises(ValueError, match=r"scale\.factor must be <= 10\.0, got 11\.0"):
        parameters.changed(Config(), [Parameter("scale.factor", value=11.0)])


def test_changed_refuses_to_unset_a_parameter() -> None:
    with pytest.raises(ValueError, match=r"stride must be an integer, got None"):
        parameters.changed(Config(), [Parameter("stride")])


def test_a_mistyped_name_is_found_with_its_neighbour(make_node: MakeNode) -> None:
    node = make_node(scale__sorce="fixed", use_sim_time=True)
    assert parameters.unknown_names(node, Config()) == {"scale.sorce": "scale.source"}
