"""Value noise on surfaces: the same at the same place, and never finer than pixels can show.

The lattice's values are an integer hash, drawn once into a small table; reading it is a bilinear
sample, mirrored beyond its edges, which costs the same on every device. A pattern is a window of
octaves that slides with the size of a pixel: three visible ones, whatever the distance.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from offline.synthetic.hashing import uniform

_CELLS = 128  # of the table, a side
_TEXELS = 4  # a cell
_SHIFT = 17.31  # between octaves, in tables: their lattices must not line up


@lru_cache(maxsize=4)
def _table(device: str) -> Tensor:
    """Return smooth noise of variance 1 whose lattice is 4 texels wide. # (1, 1, 513, 513)."""
    nodes = torch.arange(_CELLS + 2)
    lattice = uniform(nodes[:, None] * 4096 + nodes[None, :])
    place = torch.arange(_CELLS * _TEXELS + 1) / _TEXELS
    low = place.long()
    part = place - low
    part = part * part * (3 - 2 * part)
    rows = torch.lerp(lattice[low], lattice[low + 1], part[:, None])
    noise = torch.lerp(rows[:, low], rows[:, low + 1], part[None, :])
    return ((noise - noise.mean()) / noise.std())[None, None].to(device)


def value_noise(place: Tensor) -> Tensor:
    """Return smooth noise of mean 0 and variance 1, one lattice cell a unit of ``place``.

    Args:
        place: coordinates, float32. # (P, 2)

    Returns:
        # (P,)
    """
    grid = (place * (2 / _CELLS))[None, None]
    table = _table(str(place.device))
    sampled = grid_sample(table, grid, padding_mode="reflection", align_corners=True)
    return sampled[0, 0, 0]


def fade(cell_m: Tensor | float, footprint_m: Tensor) -> Tensor:
    """Return how much of an octave is shown: 0 at a cell of one pixel, 1 from two on.

    A cell is half a wavelength, so nothing shorter than two pixels remains.
    """
    return (cell_m / footprint_m - 1).clamp_(0, 1)


def fractal(place_m: Tensor, footprint_m: Tensor, coarsest_m: Tensor, finest_m: Tensor) -> Tensor:
    """Return noise of variance about 1 with cells from ``coarsest_m`` down to ``finest_m``.

    Only the three finest octaves that pixels can show are kept, and the coarsest of all: of what
    is finer nothing, of what lies between only what the eye would miss least.

    Args:
        place_m: on the surface. # (P, 2)
        footprint_m: size of a pixel there. # (P,)
        coarsest_m: largest cells. # (P,)
        finest_m: smallest cells. # (P,)
    """
    level = torch.log2(coarsest_m / torch.maximum(footprint_m, finest_m / 2))
    finest = level.floor()
    part = torch.exp2(level - finest) - 1  # of the finest octave: ``fade`` of its cell
    total = 0.7 * value_noise(place_m / coarsest_m[:, None]) * fade(coarsest_m, footprint_m)
    for step, weight in enumerate((part, None, 1 - part)):
        octave = finest - step
        scale = torch.exp2(octave) / coarsest_m
        value = value_noise(torch.addcmul(octave[:, None] * _SHIFT, place_m, scale[:, None]))
        value = value if weight is None else value * weight
        total += 0.6 * torch.where(octave >= 0, value, 0.0)
    return total


def pulse(place_m: Tensor, period_m: Tensor | float, duty: Tensor | float, width: Tensor) -> Tensor:
    """Return the mean, over ``width``, of 1 in the first ``duty`` of each period and else 0.

    That is the pattern as a pixel sees it: sharp up close, its mean far away.

    Args:
        place_m: along the pattern. # (P,)
        period_m: of the pattern.
        duty: part of each period, 0 .. 1.
        width: of a pixel, m. # (P,)
    """
    half = (width / period_m * 0.5).clamp_(min=1e-3)
    middle = place_m / period_m
    middle = middle - middle.floor()  # so that far from the origin nothing is lost to rounding
    upper, lower = _pulse_integral(middle + half, duty), _pulse_integral(middle - half, duty)
    return ((upper - lower) / (2 * half)).clamp_(0, 1)


def _pulse_integral(place: Tensor, duty: Tensor | float) -> Tensor:
    whole = place.floor()
    return whole * duty + torch.minimum(place - whole, torch.as_tensor(duty, device=place.device))


def step(inside_m: Tensor, width: Tensor) -> Tensor:
    """Return 1 where ``inside_m`` is positive, 0 where not, and a ramp one pixel wide between."""
    return (inside_m / width + 0.5).clamp_(0, 1)
