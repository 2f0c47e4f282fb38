"""Frozen dataclasses as YAML: every setting written out with its meaning, and read strictly.

What is unknown, missing, of another type or out of its range is refused by its name.
"""

from __future__ import annotations

import dataclasses
import difflib
import inspect
import json
import re
import textwrap
import types
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from scene_perception.settings import Rule, violation

T = TypeVar("T")
_RULE = "scene_perception.rule"
_WIDTH = 100
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*")
_RESERVED = {"true", "false", "null", "yes", "no", "on", "off"}
_NUMBERS = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}


def read_yaml(path: Path) -> dict[str, Any]:
    """Return a file's mapping.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: naming the file, if it is no YAML mapping.
    """
    if not path.is_file():
        raise FileNotFoundError(f"configuration {path} does not exist")
    found = parse_yaml(path.read_text(encoding="utf-8"), str(path))
    if not isinstance(found, dict):
        raise ValueError(f"{path} must be a mapping of settings, got {type(found).__name__}")
    return found


def parse_yaml(text: str, what: str) -> Any:  # noqa: ANN401  # whatever the text says
    """Return what YAML 1.2 text says, in which ``1e-4`` is a number.

    Raises:
        ValueError: naming ``what`` and the place, for text that is no YAML or has a key twice.
    """
    try:
        return YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        told = " ".join(str(error).split())
        raise ValueError(f"{what} must be YAML with each key once: {told}") from error


def build(kind: type[T], found: object, where: str = "", **given: object) -> T:
    """Return a dataclass from a mapping that has every one of its fields and no other.

    Args:
        kind: a dataclass; fields may be nested ones, tuples, literals, numbers and text.
        found: as read.
        where: dotted name of the mapping, for messages; empty for the whole file.
        given: fields that are built already; ``found`` must have them, too.

    Raises:
        ValueError: naming the setting, what is expected and what was found.
    """
    fields = {field.name: field for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    mapping = _mapping(found, fields, where)
    hints = get_type_hints(kind)
    values = dict(given)
    for name, field in fields.items():
        if name in given:
            continue
        path = f"{where}.{name}" if where else name
        values[name] = _converted(hints[name], mapping[name], path)
        _require_within(values[name], field, path)
    try:
        return kind(**values)
    except ValueError as error:
        raise ValueError(f"{where}: {error}" if where else str(error)) from error


def render(config: object, margin: str = "") -> Iterator[str]:
    """Yield the lines of a dataclass's YAML, each setting under its meaning."""
    told = described(type(config))
    for field in dataclasses.fields(config):  # type: ignore[arg-type]
        value = getattr(config, field.name)
        comment = told.get(field.name, "")
        yield from textwrap.wrap(
            comment, _WIDTH, initial_indent=f"{margin}# ", subsequent_indent=f"{margin}# "
        )
        if dataclasses.is_dataclass(value):
            yield f"{margin}{field.name}:"
            yield from render(value, margin + "  ")
        elif isinstance(value, tuple) and value and dataclasses.is_dataclass(value[0]):
            yield f"{margin}{field.name}:"
            for item in value:
                yield from _listed(render(item, margin + "    "), margin)
        else:
            yield f"{margin}{field.name}: {_scalar(value)}"


def described(kind: type[Any]) -> dict[str, str]:
    """Return what each field means: its rule, else its line under ``Attributes``."""
    told = _attributes(inspect.getdoc(kind) or "")
    for field in dataclasses.fields(kind):
        rule = field.metadata.get(_RULE)
        if rule is not None:
            told[field.name] = _comment(rule)
    return told


def override(mapping: dict[str, Any], text: str) -> None:
    """Set one value of what a file says, as ``optimizer.learning_rate=1e-4``.

    Raises:
        ValueError: for text without ``=``, or a setting that the file does not have.
    """
    key, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"override must be SETTING=VALUE, got {text!r}")
    *above, last = key.split(".")
    place: Any = mapping
    for name in above:
        place = place[_key(place, name, key)]
    place[_key(place, last, key)] = parse_yaml(value, f"value of {key}")


def _key(place: object, name: str, whole: str) -> str | int:
    if isinstance(place, list) and name.isdigit() and int(name) < len(place):
        return int(name)
    if isinstance(place, dict) and name in place:
        return name
    has = place if isinstance(place, dict) else range(len(place)) if isinstance(place, list) else ()
    raise ValueError(
        f"override {whole} must be of a setting in the file, there is no {name!r}, only "
        f"{', '.join(map(str, has)) or 'a value'}"
    )


def _mapping(found: object, fields: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    if not isinstance(found, Mapping):
        raise ValueError(f"{where or 'configuration'} must be a mapping of {', '.join(fields)}, "
                         f"got {found!r}")  # fmt: skip
    prefix = f"{where}." if where else ""
    for name in found:
        if name not in fields:
            close = difflib.get_close_matches(str(name), fields, 1)
            hint = f"; is {close[0]} meant?" if close else f"; known are {', '.join(fields)}"
            raise ValueError(f"{prefix}{name} is no setting{hint}")
    for name in fields:
        if name not in found:
            raise ValueError(
                f"{prefix}{name} must be given, it is missing; `python -m offline.train "
                "--print-config RECIPE` writes every setting"
            )
    return found


def _converted(hint: Any, value: object, path: str) -> object:  # noqa: ANN401  # a type
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Literal:
        if value not in inner:
            raise ValueError(f"{path} must be one of {', '.join(map(str, inner))}, got {value!r}")
        return value
    if origin in (Union, types.UnionType):
        return None if value is None else _converted(
            next(kind for kind in inner if kind is not type(None)), value, path
        )  # fmt: skip
    if origin in (tuple, Sequence):
        return _tuple(inner, value, path)
    if dataclasses.is_dataclass(hint):
        return build(hint, value, path)  # type: ignore[arg-type]
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, hint) or (hint is not bool and isinstance(value, bool)):
        raise ValueError(f"{path} must be {_NUMBERS.get(hint, hint.__name__)}, got {value!r}")
    return value


def _tuple(inner: Sequence[Any], value: object, path: str) -> tuple[object, ...]:
    if not isinstance(value, list):
        raise ValueError(f"{path} must be a list, got {value!r}")
    kinds = [inner[0]] * len(value) if len(inner) < 2 or inner[1] is Ellipsis else inner
    if len(kinds) != len(value):
        raise ValueError(f"{path} must be a list of {len(kinds)}, got {value!r}")
    pairs = zip(kinds, value, strict=True)
    return tuple(_converted(kind, item, f"{path}.{n}") for n, (kind, item) in enumerate(pairs))


def _require_within(value: object, field: dataclasses.Field[Any], path: str) -> None:
    rule = field.metadata.get(_RULE)
    if rule is None:
        return
    for one in value if isinstance(value, tuple) else (value,):
        problem = violation(one, rule)
        if problem:
            raise ValueError(f"{path} must be {problem}, got {value!r}")


def _attributes(doc: str) -> dict[str, str]:
    """Return name -> description from a docstring's ``Attributes``."""
    section = re.search(r"^Attributes:\n((?:[ ]+.*\n?|\n)+)", doc, re.MULTILINE)
    if section is None:
        return {}
    entries = re.findall(r"^ {4}([\w, ]+): (.*(?:\n {8,}.*)*)", section[1], re.MULTILINE)
    return {
        name: " ".join(text.split()).rstrip(".")
        for names, text in entries
        for name in names.split(", ")
    }


def _comment(rule: Rule) -> str:
    if rule.choices:
        return f"{rule.description} ({' | '.join(rule.choices)})"
    step = f", multiple of {rule.multiple_of}" if rule.multiple_of else ""
    if rule.minimum is not None and rule.maximum is not None:
        return f"{rule.description} [{rule.minimum:g} .. {rule.maximum:g}{step}]"
    if rule.minimum is not None:
        return f"{rule.description} [>= {rule.minimum:g}{step}]"
    return rule.description if rule.maximum is None else f"{rule.description} [<= {rule.maximum:g}]"


def _listed(lines: Iterator[str], margin: str) -> Iterator[str]:
    """Turn an item's lines, indented by four, into an item of a list."""
    marked = False
    for line in lines:
        is_value = not line.lstrip().startswith("#")
        yield line if marked or not is_value else f"{margin}  - {line[len(margin) + 4 :]}"
        marked = marked or is_value


def _scalar(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_scalar, value))}]"
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _RESERVED:
        return value
    return json.dumps(value)
