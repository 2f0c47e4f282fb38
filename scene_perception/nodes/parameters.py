"""A configuration dataclass as ROS parameters, with description and range, and back.

Every field declared with ``settings.setting`` becomes one parameter; nested dataclasses give
dotted names. A whole number is accepted for a double (``-p scale.factor:=2``), which ROS by
itself refuses.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Collection, Iterable, Mapping
from typing import Any, TypeVar

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException
from rclpy.node import Node
from rclpy.parameter import Parameter

from scene_perception.settings import Rule, check, walk

Config = TypeVar("Config")
_TYPE_NAMES = {bool: "a bool", int: "an integer", float: "a double", str: "a string"}
_FOREIGN_PREFIXES = ("qos_overrides.", "use_sim_time", "start_type_description_service")


def declare(node: Node, defaults: Config, fixed: Collection[str] = ()) -> Config:
    """Declare a parameter for every setting and return the configuration to start with.

    Args:
        node: that gets the parameters; its overrides replace the defaults.
        defaults: a dataclass whose fields carry a ``settings.Rule``.
        fixed: names that only the start-up overrides can set (read-only afterwards).

    Raises:
        ValueError: naming the first parameter whose start-up value is refused, and why.
    """
    values: dict[str, object] = {}
    for name, value, rule in walk(defaults):
        description = descriptor(value, rule, read_only=name in fixed)
        try:
            values[name] = node.declare_parameter(name, value, description).value
        except (InvalidParameterTypeException, InvalidParameterValueException) as error:
            raise ValueError(f"parameter {name}: {error}") from error
    return with_values(defaults, values)


def descriptor(value: object, rule: Rule, *, read_only: bool = False) -> ParameterDescriptor:
    """Return what tools show of one setting; ``value`` is its default."""
    result = ParameterDescriptor(description=rule.description, read_only=read_only)
    # A double declared with a static type would refuse a whole number.
    result.dynamic_typing = isinstance(value, float)
    if rule.choices:
        result.additional_constraints = "choices: " + ", ".join(rule.choices)
    if rule.minimum is None or rule.maximum is None or isinstance(value, bool):
        return result
    if isinstance(value, int):
        span = IntegerRange(from_value=int(rule.minimum), to_value=int(rule.maximum))
        span.step = int(rule.multiple_of or 0)
        result.integer_range = [span]
    elif isinstance(value, float):
        span = FloatingPointRange(from_value=float(rule.minimum), to_value=float(rule.maximum))
        result.floating_point_range = [span]
    return result


def changed(config: Config, parameters: Iterable[Parameter]) -> Config:
    """Return ``config`` with the values of ROS parameters; names it does not have are skipped.

    Raises:
        ValueError: naming the parameter, the rule it breaks and the value.
    """
    known = {name for name, _, _ in walk(config)}
    return with_values(config, {p.name: p.value for p in parameters if p.name in known})


def with_values(config: Config, values: Mapping[str, object]) -> Config:
    """Return a checked copy of ``config`` with some settings replaced by dotted name.

    Raises:
        ValueError: naming the setting, its rule or type, and the value.
    """
    result = _replace(config, values, "")
    check(result)
    return result


def unknown_names(node: Node, config: object) -> dict[str, str]:
    """Return start-up parameters that nothing declares, each with the nearest name or ``""``."""
    known = [name for name, _, _ in walk(config)]
    # rclpy offers no public way to list overrides; without them there is nothing to warn of.
    given: Mapping[str, object] = getattr(node, "_parameter_overrides", {})
    strange = [name for name in given if name not in known]
    return {
        name: next(iter(difflib.get_close_matches(name, known, n=1)), "")
        for name in strange
        if not name.startswith(_FOREIGN_PREFIXES)
    }


def _replace(config: Config, values: Mapping[str, object], prefix: str) -> Config:
    replaced: dict[str, Any] = {}
    for field in dataclasses.fields(config):  # type: ignore[arg-type]
        name, old = prefix + field.name, getattr(config, field.name)
        if dataclasses.is_dataclass(old):
            replaced[field.name] = _replace(old, values, f"{name}.")
        elif name in values:
            replaced[field.name] = _typed(name, type(old), values[name])
    return dataclasses.replace(config, **replaced)  # type: ignore[type-var]


def _typed(name: str, expected: type, value: object) -> object:
    if expected is float and type(value) is int:
        return float(value)
    if type(value) is not expected:
        raise ValueError(f"{name} must be {_TYPE_NAMES[expected]}, got {value!r}")
    return value
