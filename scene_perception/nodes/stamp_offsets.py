"""How the stamps of left and right images lie to each other, in words with a remedy."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile
from statistics import median

LEFT, RIGHT = 0, 1
_NAMES = ("left", "right")
_SILENT = 40  # images of one side in a row mean that the other one is missing,
_STOPPED = 5  # and so do these, where both sides came at one rate before
_OFFSETS = 20
_SAME_RATE = 1.2
_STEADY_NS, _STEADY_SHARE = 1_000_000, 0.2
_MOSTLY = 0.5
_LOST = 0.75  # of a period: so far away is the nearest image only if one was lost

Arrivals = Sequence[tuple[int, int]]
"""(LEFT or RIGHT, stamp in ns) of each image in the order of their arrival."""


@dataclass(frozen=True)
class Offsets:
    """Stamp of the nearest right image minus that of a left one, for several left ones.

    Attributes:
        values: ns, positive where the right image is later.
        period_ns: from one image to the next.
    """

    values: tuple[int, ...]
    period_ns: int

    @property
    def is_steady(self) -> bool:
        """Whether they are alike."""
        limit = max(_STEADY_NS, _STEADY_SHARE * self.period_ns)
        return max(self.values) - min(self.values) <= limit

    def within(self, tolerance_ns: int) -> list[int]:
        """Return those that a pair may have; a tolerance of 0 asks for one stamp."""
        return [v for v in self.values if v == 0 or abs(v) < tolerance_ns]

    @property
    def farthest_ns(self) -> int:
        """The largest, whatever its sign."""
        return max(abs(value) for value in self.values)


def pairing_report(arrivals: Arrivals, tolerance_ns: int) -> str:
    """Return why left and right images do not pair, or how well they do, in one line.

    Args:
        arrivals: the newest images.
        tolerance_ns: that pairs are allowed; 0 asks for one stamp.
    """
    if not arrivals:
        return "no left and no right image has come"
    stamps = [sorted({stamp for who, stamp in arrivals if who == side}) for side in (LEFT, RIGHT)]
    run = _run(arrivals)
    if run >= min(len(arrivals), _SILENT):
        return _missing(arrivals[-1][0], run)
    if min(len(side) for side in stamps) < 3:
        return f"{len(stamps[LEFT])} left and {len(stamps[RIGHT])} right images so far"
    values = nearest_offsets(*stamps)
    if not values:
        return _apart(stamps)
    periods = [round(median(b - a for a, b in pairwise(side))) for side in stamps]
    if max(periods) > _SAME_RATE * min(periods):
        return _rates(periods)
    if run >= _STOPPED:
        return _missing(arrivals[-1][0], run)
    return _offset_report(_unwrapped(Offsets(values, min(periods))), tolerance_ns)


def nearest_offsets(left: Sequence[int], right: Sequence[int]) -> tuple[int, ...]:
    """Return nearest right - left of the newest left stamps between two right ones, ns.

    Args:
        left: stamps, sorted, ns.
        right: stamps, sorted, ns.
    """
    inside = [stamp for stamp in left if right[0] <= stamp <= right[-1]][-_OFFSETS:]
    return tuple(_nearest(right, stamp) - stamp for stamp in inside)


def _nearest(stamps: Sequence[int], stamp: int) -> int:
    place = bisect_left(stamps, stamp)
    return min(stamps[max(place - 1, 0) : place + 1], key=lambda other: abs(other - stamp))


def _unwrapped(offsets: Offsets) -> Offsets:
    """Return the offsets to the next right image where they are alike and the nearest are not.

    About half a period apart, now the image before is the nearest and now the one after.
    """
    later = Offsets(tuple(v % offsets.period_ns for v in offsets.values), offsets.period_ns)
    return later if later.is_steady and not offsets.is_steady else offsets


def _run(arrivals: Arrivals) -> int:
    """Return how many of the newest images are of one side."""
    newest = arrivals[-1][0]
    return sum(1 for _ in takewhile(lambda arrival: arrival[0] == newest, reversed(arrivals)))


def _missing(seen: int, run: int) -> str:
    silent = _NAMES[1 - seen]
    return (
        f"only {_NAMES[seen]} images come, the last {run} without a {silent} one; check the "
        f"{silent} camera's driver and the name of its topic"
    )


def _apart(stamps: Sequence[Sequence[int]]) -> str:
    ahead_ns = stamps[RIGHT][-1] - stamps[LEFT][-1]
    return (
        f"left and right stamps do not overlap: the newest right image is {_when(ahead_ns)} than "
        "the newest left one; synchronise the cameras' clocks, stamp both by one clock, or find "
        "what delays one of them"
    )


def _rates(periods: Sequence[int]) -> str:
    left, right = (1e9 / period for period in periods)
    return (
        f"left images come at {left:.1f} Hz and right images at {right:.1f} Hz, so that some have "
        "no partner; run both cameras at one rate, best by one trigger"
    )


def _offset_report(offsets: Offsets, tolerance_ns: int) -> str:
    inside, count = len(offsets.within(tolerance_ns)), len(offsets.values)
    lost = [v for v in offsets.values if abs(v) > _LOST * offsets.period_ns]
    if inside == count:
        return (
            f"{count} of {count} left images have a right one {_rule(tolerance_ns)}: "
            f"{_nearest_text(offsets)}; where they still do not pair, one side comes late: "
            "raise sync.queue_size"
        )
    if inside >= _MOSTLY * count and inside + len(lost) == count:
        return (
            f"{len(lost)} of {count} left images have lost their right one; reduce the load, or "
            "give the cameras' publishers more shared memory or a reliable connection"
        )
    share = "never" if not inside else f"only {inside} of {count} times"
    return f"left and right images {share} {_rule(tolerance_ns, verb=True)}: " + (
        f"{_nearest_text(offsets)}; {_remedy(offsets, tolerance_ns)}, or trigger both cameras "
        "together"
    )


def _rule(tolerance_ns: int, *, verb: bool = False) -> str:
    if tolerance_ns:
        return f"{'lie ' * verb}within sync.tolerance_s {tolerance_ns * 1e-9:g}"
    return "share a stamp" if verb else "of the same stamp"


def _nearest_text(offsets: Offsets) -> str:
    values, middle_ns = offsets.values, round(median(offsets.values))
    text = f"the nearest right image is {_when(middle_ns)} (median of {len(values)}, "
    if offsets.is_steady:
        sign = -1 if middle_ns < 0 else 1
        low, high = sorted(sign * value for value in (min(values), max(values)))
        return f"{text}{low * 1e-6:.1f} to {high * 1e-6:.1f} ms)"
    return f"{text}from {_when(min(values))} to {_when(max(values))})"


def _when(offset_ns: int) -> str:
    size = abs(offset_ns)
    text = f"{size * 1e-6:.1f} ms" if size < 1_000_000_000 else f"{size * 1e-9:.3g} s"
    return f"{text} {'earlier' if offset_ns < 0 else 'later'}"


def _remedy(offsets: Offsets, tolerance_ns: int) -> str:
    needed = f"{_rounded_up(offsets.farthest_ns * 1e-9):g}"
    if tolerance_ns:
        return f"set sync.tolerance_s to at least {needed}"
    return f"set sync.mode approximate and sync.tolerance_s to at least {needed}"


def _rounded_up(seconds: float) -> float:
    """Return the next number with one digit above ``seconds``: 0.0167 becomes 0.02."""
    digit = 10.0 ** math.floor(math.log10(seconds))
    return (math.floor(seconds / digit + 1e-9) + 1) * digit
