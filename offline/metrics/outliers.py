"""KITTI 2015's outliers: more than 3 px and more than 5 % wrong, counted by kind of pixel."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

LIMIT_PX, LIMIT_SHARE = 3.0, 0.05

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class OutlierCounts:
    """Pixels with ground truth and the outliers among them.

    ``bg`` is what stands still, ``fg`` the moving objects of KITTI's object map.
    ``estimated`` are those pixels where the prediction had a value before holes were filled.
    """

    bg_errors: int = 0
    bg_pixels: int = 0
    bg_errors_estimated: int = 0
    bg_pixels_estimated: int = 0
    fg_errors: int = 0
    fg_pixels: int = 0
    fg_errors_estimated: int = 0
    fg_pixels_estimated: int = 0

    @property
    def errors(self) -> int:
        """Outliers of both kinds."""
        return self.bg_errors + self.fg_errors

    @property
    def pixels(self) -> int:
        """Pixels of both kinds."""
        return self.bg_pixels + self.fg_pixels

    @property
    def errors_estimated(self) -> int:
        """Outliers of both kinds where the prediction had a value."""
        return self.bg_errors_estimated + self.fg_errors_estimated

    @property
    def pixels_estimated(self) -> int:
        """Pixels of both kinds where the prediction had a value."""
        return self.bg_pixels_estimated + self.fg_pixels_estimated


def disparity_outliers(disparity: NDArray[Any], truth: NDArray[Any]) -> Mask:
    """Return where disparity is wrong; both limits are strict. # (...).

    The quotient is in double precision, as in the benchmark's own build: exactly 5 % is right.

    Args:
        disparity: px. # (...)
        truth: px; NaN: not wrong. # (...)
    """
    error = np.abs(truth.astype(np.float32) - disparity.astype(np.float32))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = error.astype(np.float64) / np.abs(truth)
    return np.asarray((error > LIMIT_PX) & (share > LIMIT_SHARE))


def flow_outliers(
    flow: NDArray[Any], truth: NDArray[Any], *, offset_px: float = 0.0, single: bool = True
) -> tuple[Mask, NDArray[Any]]:
    """Return where flow is wrong, and its end-point error, px. # (...), (...).

    Args:
        flow: px. # (..., 2)
        truth: px; NaN: not wrong. # (..., 2)
        offset_px: added to the length of the true flow before dividing by it.
        single: all in single precision, as in the development kit, where the quotient of
            exactly 5 % is rounded up and an error; in double precision it is none.
    """
    precision: type[np.floating] = np.float32 if single else np.float64
    u, v = (truth[..., axis].astype(precision) for axis in (0, 1))
    found_u, found_v = (flow[..., axis].astype(precision) for axis in (0, 1))
    error = np.sqrt((found_u - u) ** 2 + (found_v - v) ** 2)
    length = np.sqrt(u**2 + v**2) + precision(offset_px)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = (error / length).astype(np.float64)
    return np.asarray((error > LIMIT_PX) & (share > LIMIT_SHARE)), error


def count_outliers(
    wrong: Mask, known: Mask, moving: Mask, estimated: Mask | None = None
) -> OutlierCounts:
    """Count one image's pixels with ground truth.

    Args:
        wrong: outliers. # (...)
        known: where there is ground truth. # (...)
        moving: object map > 0. # (...)
        estimated: where the prediction had a value; None: everywhere. # (...)
    """
    counts = []
    for kind in (known & ~moving, known & moving):
        seen = kind if estimated is None else kind & estimated
        counts += [np.count_nonzero(mask) for mask in (wrong & kind, kind, wrong & seen, seen)]
    return OutlierCounts(*map(int, counts))


def sum_outliers(counts: Iterable[OutlierCounts]) -> OutlierCounts:
    """Return the sums over images; integers, so that they stay exact at any size."""
    rows = [astuple(count) for count in counts]
    return OutlierCounts(*(sum(column) for column in zip(*rows, strict=True)))


def outlier_shares(counts: OutlierCounts, name: str) -> dict[str, float]:
    """Return the outliers in per cent; 0 for an empty set, as the development kit has it.

    Keys are ``{name}_bg``, ``_fg``, ``_all``, the same with ``_estimated``, and
    ``{name}_density``, the share of pixels where the prediction had a value.
    """
    return {
        f"{name}_bg": _percent(counts.bg_errors, counts.bg_pixels),
        f"{name}_fg": _percent(counts.fg_errors, counts.fg_pixels),
        f"{name}_all": _percent(counts.errors, counts.pixels),
        f"{name}_bg_estimated": _percent(counts.bg_errors_estimated, counts.bg_pixels_estimated),
        f"{name}_fg_estimated": _percent(counts.fg_errors_estimated, counts.fg_pixels_estimated),
        f"{name}_all_estimated": _percent(counts.errors_estimated, counts.pixels_estimated),
        f"{name}_density": _percent(counts.pixels_estimated, counts.pixels),
    }


def _percent(part: int, whole: int) -> float:
    return 100.0 * part / max(whole, 1)
