"""How far an engine's numbers may be from eager float32 PyTorch's, for each precision."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from torch import Tensor


class Tolerance(NamedTuple):
    """What an engine is allowed.

    Attributes:
        worst: largest error of any number, relative to the output's range.
        typical: root mean square error, relative to the output's range.
        different: share of whole numbers (labels) that may differ.
    """

    worst: float
    typical: float
    different: float


# Float32's are measured on the networks with random weights, which are harsher than trained ones:
# their labels are near ties everywhere. Those of lower precisions are estimates until trained
# weights and GPUs are at hand.
TOLERANCES: Mapping[str, Tolerance] = {
    # Another order of summation; a warp's floor() and an occlusion mask make more of it in
    # single pixels.
    "float32": Tolerance(worst=2e-3, typical=1e-4, different=1e-3),
    # 11 bits of mantissa, 20 to 60 layers deep; sampling positions and poses stay float32.
    "float16": Tolerance(worst=5e-2, typical=5e-3, different=2e-2),
    # 8 bits of mantissa: eight times float16's rounding.
    "bfloat16": Tolerance(worst=0.25, typical=3e-2, different=0.1),
    # 256 levels per channel. What it costs is measured by task metrics when it is calibrated;
    # here only what is broken is to be found.
    "int8": Tolerance(worst=0.6, typical=0.1, different=0.3),
}


class Comparison(NamedTuple):
    """How far one output is off.

    Attributes:
        excess: multiple of what is allowed; above 1 it is too far.
        worst: largest error relative to the output's range.
        text: for people.
    """

    excess: float
    worst: float
    text: str


def compare(what: str, given: Tensor, expected: Tensor, limit: Tolerance) -> Comparison:
    """Compare one output with what it should be.

    Args:
        what: for the text.
        given: by the engine.
        expected: of any shape and type; whole numbers are compared by agreement.
        limit: what is allowed.
    """
    if given.shape != expected.shape or given.dtype != expected.dtype:
        text = (
            f"{what} is {tuple(given.shape)} {given.dtype} where {tuple(expected.shape)} "
            f"{expected.dtype} was expected"
        )
        return Comparison(math.inf, math.inf, text)
    if not expected.is_floating_point():
        share = float((given != expected).double().mean())
        text = f"{what}: {share:.2%} differ, {limit.different:.2%} may"
        return Comparison(share / limit.different, 0.0, text)
    finite = expected.isfinite()
    if not given.isfinite().equal(finite):
        return Comparison(math.inf, math.inf, f"{what} is not finite where it should be")
    return _compare_numbers(what, given[finite].double(), expected[finite].double(), limit)


def _compare_numbers(what: str, given: Tensor, expected: Tensor, limit: Tolerance) -> Comparison:
    if not expected.numel():
        return Comparison(0.0, 0.0, f"{what} has no finite numbers to compare")
    error = given - expected
    # An output that is constant has no range; its size is what matters then.
    spread = float(expected.max() - expected.min()) or float(expected.abs().max()) or 1.0
    worst, typical = float(error.abs().max()) / spread, float(error.square().mean().sqrt()) / spread
    text = (
        f"{what} is off by {worst:.1e} of its range at worst ({limit.worst:.0e} allowed), "
        f"{typical:.1e} typically ({limit.typical:.0e} allowed)"
    )
    return Comparison(max(worst / limit.worst, typical / limit.typical), worst, text)
