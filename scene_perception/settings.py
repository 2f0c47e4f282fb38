"""Settings as frozen dataclasses whose fields carry their description and allowed values.

One declaration serves three readers: ``check`` validates a whole configuration once at the
edge, ``nodes/parameters.py`` turns the same fields into ROS parameters, and a test prints
them into the README's tables. Nested dataclasses become dotted names (``scale.source``).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

T = TypeVar("T")
_RULE = "scene_perception.rule"


@dataclass(frozen=True)
class Rule:
    """What a setting means and which values it takes (both ends of a range included)."""

    description: str
    minimum: float | None = None
    maximum: float | None = None
    multiple_of: int | None = None
    choices: tuple[str, ...] = ()


def setting(
    default: T,
    description: str,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    multiple_of: int | None = None,
    choices: tuple[str, ...] = (),
) -> T:
    """Declare a dataclass field together with its ``Rule``."""
    rule = Rule(description, minimum, maximum, multiple_of, choices)
    field: T = dataclasses.field(default=default, metadata={_RULE: rule})
    return field


def walk(config: object, prefix: str = "") -> Iterator[tuple[str, Any, Rule]]:
    """Yield ``(dotted name, value, rule)`` of every setting, nested ones included."""
    for field in dataclasses.fields(config):  # type: ignore[arg-type]
        value = getattr(config, field.name)
        name = prefix + field.name
        if dataclasses.is_dataclass(value):
            yield from walk(value, f"{name}.")
        else:
            yield name, value, field.metadata[_RULE]


def check(config: object) -> None:
    """Validate every setting of ``config``.

    Raises:
        ValueError: naming the first setting that breaks its rule, the rule and the value.
    """
    for name, value, rule in walk(config):
        problem = violation(value, rule)
        if problem:
            raise ValueError(f"{name} must be {problem}, got {value!r}")


def violation(value: object, rule: Rule) -> str:
    """Return the rule that ``value`` breaks in words, or an empty string."""
    if rule.choices and value not in rule.choices:
        return "one of " + ", ".join(rule.choices)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return ""
    if not math.isfinite(value):
        return "finite"
    if rule.minimum is not None and value < rule.minimum:
        return f">= {rule.minimum}"
    if rule.maximum is not None and value > rule.maximum:
        return f"<= {rule.maximum}"
    if rule.multiple_of is not None and value % rule.multiple_of:
        return f"a multiple of {rule.multiple_of}"
    return ""
