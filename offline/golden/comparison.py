"""How far our arrays are from a golden case's, and how far they may be.

Measures: ``absolute`` is the largest absolute error; ``range`` is that divided by the golden
array's range (largest minus smallest value); ``element`` is the largest error divided by its own
element's magnitude, for arrays of scalars; ``half`` is the largest absolute error beyond
half a unit in the last place of the golden array's float16; ``agreement`` is the percentage
of equal elements; ``close`` that of elements whose error is at most the rule's ``within`` times
the range. A NaN where the golden array has one is no error. The limits are data:
``tolerances.json``.
"""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_TOLERANCES = Path(__file__).with_name("tolerances.json")
_PERCENTAGES = ("agreement", "close")


@dataclass(frozen=True)
class Comparison:
    """One array of a case against ours.

    Attributes:
        name: of the array.
        measure: which figure decides.
        absolute: largest absolute error.
        relative: that divided by the golden array's range (0 for 0 / 0).
        agreement: percentage of equal elements.
        error: the deciding figure.
        limit: what it may be: at most, for percentages at least.
        problem: why nothing could be compared, else empty.
    """

    name: str
    measure: str
    absolute: float
    relative: float
    agreement: float
    error: float
    limit: float
    problem: str = ""

    @property
    def passed(self) -> bool:
        """Whether the array is within its limit; a NaN beside a number never is."""
        if self.problem:
            return False
        at_least = self.measure in _PERCENTAGES
        return self.error >= self.limit if at_least else self.error <= self.limit


def compare(name: str, model: str, golden: NDArray[Any], ours: NDArray[Any]) -> Comparison:
    """Compare one array of ``model``'s case by the rule for its name.

    Raises:
        KeyError: if there is no rule for the model or the array.
    """
    rule = _rule(model, name)
    measure, limit = str(rule["measure"]), float(rule["limit"])
    if golden.shape != ours.shape:
        problem = f"shape must be {golden.shape}, got {ours.shape}"
        return Comparison(name, measure, np.nan, np.nan, np.nan, np.nan, limit, problem)
    expected, actual = golden.astype(np.float64), ours.astype(np.float64)
    same = (expected == actual) | (np.isnan(expected) & np.isnan(actual))
    with np.errstate(invalid="ignore"):  # two infinities are the same
        errors = np.where(same, 0.0, np.abs(expected - actual))
    absolute, span = float(errors.max(initial=0.0)), _span(expected)
    figures = {
        "absolute": absolute,
        "range": absolute / span if span > 0 else (0.0 if absolute == 0 else np.inf),
        "element": _of_element(errors, expected),
        "agreement": _percentage(same),
        "close": _percentage(errors <= float(rule.get("within", 0.0)) * span),
    }
    error = _beyond_half(golden, errors) if measure == "half" else figures[measure]
    return Comparison(name, measure, absolute, figures["range"], figures["agreement"], error, limit)


def _span(values: NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    return float(np.ptp(known)) if known.size else 0.0


def _of_element(errors: NDArray[np.float64], expected: NDArray[np.float64]) -> float:
    wrong = errors != 0
    with np.errstate(divide="ignore"):
        return float(np.max(errors[wrong] / np.abs(expected[wrong]), initial=0.0))


def _percentage(passed: NDArray[np.bool_]) -> float:
    return 100.0 * float(np.mean(passed)) if passed.size else 100.0


def _beyond_half(golden: NDArray[Any], errors: NDArray[np.float64]) -> float:
    rounding = 0.5 * np.spacing(np.abs(golden.astype(np.float16))).astype(np.float64)
    return float(np.max(errors - rounding, initial=0.0))


def _rule(model: str, name: str) -> Mapping[str, Any]:
    for rule in tolerances()[model]:
        if any(fnmatch.fnmatchcase(name, pattern) for pattern in rule["arrays"]):
            found: Mapping[str, Any] = rule
            return found
    raise KeyError(f"{_TOLERANCES.name} has no rule for array {name} of {model}")


@cache
def tolerances() -> dict[str, list[dict[str, Any]]]:
    """Return the rules of each model; the first whose pattern matches an array counts."""
    rules: dict[str, list[dict[str, Any]]] = json.loads(_TOLERANCES.read_text())
    return rules
