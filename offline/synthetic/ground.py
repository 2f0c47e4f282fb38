"""The plane y = 0 of a street: which class is where, and how it is paved and marked.

A world's ``ground`` is the row that ``street.ground_row`` makes; one row for all places or one
for each.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from offline.synthetic.noise import fractal, pulse, step, value_noise
from scene_perception.cityscapes import ROAD, SIDEWALK, TERRAIN

(
    _RADIUS,
    _KERB_LEFT,
    _KERB_RIGHT,
    _VERGE_LEFT,
    _VERGE_RIGHT,
    _OUTER_LEFT,
    _OUTER_RIGHT,
    _PAVED_LEFT,
    _PAVED_RIGHT,
    _JUNCTION,
    _JUNCTION_HALF,
    _JUNCTION_SIDES,
    _ZEBRA,
    _ZEBRA_HALF,
    _LANE,
    _LANES_LEFT,
    _LANES_RIGHT,
    _MARKED,
    _EDGES,
    _DASH,
    _DASH_SHARE,
    _WHITE,
) = range(22)
_ASPHALT, _PAVING, _GRASS, _EARTH = slice(22, 25), slice(25, 28), slice(28, 31), slice(31, 34)
_STONE, _WEAR, _BAYS, _SEED = range(34, 38)
COLUMNS = 38
_SIDE_PAVEMENT_M = 2.0  # along a side street
_SQUARE_M = 14.0  # of paved ground beyond a pavement
_MARK_M = 0.07  # half of a line's width


@dataclass(frozen=True, eq=False)
class _Place:
    """Places in the street: along and across it, and what its row says of their side."""

    along: Tensor
    across: Tensor
    kerb: Tensor
    verge: Tensor
    outer: Tensor
    paved: Tensor
    from_junction: Tensor
    row: Tensor


def _placed(x: Tensor, z: Tensor, row: Tensor) -> _Place:
    radius = row[..., _RADIUS]
    sign = torch.sign(radius)
    across = radius - sign * torch.hypot(x - radius, z)
    along = radius.abs() * torch.atan2(z, sign * (radius - x))
    right = across > 0
    kerb, verge, outer, paved = (
        torch.where(right, row[..., left + 1], row[..., left])
        for left in (_KERB_LEFT, _VERGE_LEFT, _OUTER_LEFT, _PAVED_LEFT)
    )
    away = (along - row[..., _JUNCTION]).abs()
    leaves = row[..., _JUNCTION_SIDES] * across >= 0
    from_junction = torch.where(leaves, away - row[..., _JUNCTION_HALF], 1e3)
    return _Place(along, across, kerb, verge, outer, paved, from_junction, row)


def ground_labels(x: Tensor, z: Tensor, ground: Tensor) -> Tensor:
    """Return the Cityscapes train ids of places on the plane y = 0.

    Args:
        x: in the world, m. # (...)
        z: in the world, m. # (...)
        ground: the world's row, or one for each place. # (G,) or (..., G)

    Returns:
        uint8. # (...)
    """
    if not x.numel():  # of worlds without ground
        return torch.zeros_like(x, dtype=torch.uint8)
    return _labelled(_placed(x, z, ground))[0]


def _labelled(place: _Place) -> tuple[Tensor, Tensor]:
    """Return the train ids and the distances from the middle, m."""
    distance = place.across.abs()
    walked = distance < place.outer + _SQUARE_M * place.paved
    walked |= place.from_junction < _SIDE_PAVEMENT_M
    grown = (distance < place.kerb + place.verge) & (place.from_junction > 0)
    labels = torch.where(walked & ~grown, SIDEWALK, TERRAIN)
    labels = torch.where((distance < place.kerb) | (place.from_junction < 0), ROAD, labels)
    return labels.to(torch.uint8), distance


def ground_colour(local: Tensor, ground: Tensor, footprint: Tensor, steep: Tensor) -> Tensor:
    """Return the reflectance of the ground, linear RGB. # (P, 3).

    Args:
        local: in the world, m. # (P, 3)
        ground: rows, one for each pixel or one for all. # (P or 1, G)
        footprint: side of the square that has a pixel's area, m. # (P,)
        steep: sine of the angle between ray and ground, 0 .. 1. # (P,)
    """
    root = steep.clamp(min=0.02).sqrt()
    near, far = footprint * root, footprint / root  # sides of what a pixel covers
    place = _placed(local[:, 0], local[:, 2], ground)
    labels, distance = _labelled(place)
    plane = local[:, 0::2] + ground[:, _SEED : _SEED + 1]
    coarsest = torch.full_like(footprint, 1.4)
    grain = fractal(plane, 1.3 * footprint, coarsest, torch.full_like(footprint, 0.008))
    blotch = value_noise(plane / 5.0)
    road, walk = labels == ROAD, labels == SIDEWALK
    colour = _terrain(ground, grain, blotch)
    colour = torch.where(walk[:, None], _paving(place, grain, blotch, near, far), colour)
    colour = torch.where(road[:, None], _asphalt(place, grain, blotch), colour)
    kerb = step(0.09 - (distance - place.kerb - 0.09).abs(), near) * (place.verge + place.outer > 0)
    kerb = torch.where(road | (place.from_junction < 0), 0.0, kerb) * 0.5
    colour = colour + kerb[:, None] * (0.34 - colour)
    paint = torch.where(road, _paint(place, distance, near, far), 0.0)
    worn = (1 - 0.35 * (grain + blotch).clamp(-0.5, 1.5).abs()) * paint
    return colour + worn[:, None] * (ground[:, _WHITE, None] - colour)


def _terrain(ground: Tensor, grain: Tensor, blotch: Tensor) -> Tensor:
    share = torch.sigmoid(1.5 * grain + 1.2 * blotch)[:, None]
    colour = torch.lerp(ground[:, _EARTH].expand(len(share), 3), ground[:, _GRASS], share)
    return colour * (1 + 0.35 * grain[:, None]).clamp_(0.2, 2.0)


def _paving(place: _Place, grain: Tensor, blotch: Tensor, near: Tensor, far: Tensor) -> Tensor:
    size = place.row[:, _STONE]
    joint = torch.maximum(
        pulse(place.across, size, 0.05, near), pulse(place.along, size, 0.05, far)
    )
    bright = (1 + 0.16 * grain + 0.12 * blotch) * (1 - 0.35 * joint)
    return place.row[:, _PAVING] * bright[:, None]


def _asphalt(place: _Place, grain: Tensor, blotch: Tensor) -> Tensor:
    wear = place.row[:, _WEAR]
    patched = 0.35 * ((blotch - 1.1) * 8).clamp_(0, 1)
    track = torch.cos(place.across * (12.566 / place.row[:, _LANE]))
    bright = 1 + 0.6 * wear * grain + wear * blotch - 0.25 * wear * track - patched
    return place.row[:, _ASPHALT] * bright.clamp_(0.3, 2.0)[:, None]


def _paint(place: _Place, distance: Tensor, near: Tensor, far: Tensor) -> Tensor:
    """Return how much of each pixel is white paint. # (P,)."""
    row, across = place.row, place.across
    right = across > 0
    lanes = torch.where(right, row[:, _LANES_RIGHT], row[:, _LANES_LEFT])
    lane = row[:, _LANE]
    nearest = (distance / lane).round()
    line = step(_MARK_M - (distance - nearest * lane).abs(), near)
    dashes = pulse(place.along, row[:, _DASH], row[:, _DASH_SHARE], far)
    line = torch.where(nearest < lanes, line * dashes, torch.where(nearest == lanes, line, 0.0))
    line = torch.where((nearest == lanes) & (row[:, _EDGES] < 0.5), 0.0, line)
    line = line * row[:, _MARKED]
    bays = step(0.05 - (torch.remainder(place.along, 5.6) - 2.8).abs(), far) * row[:, _BAYS]
    line = torch.maximum(line, torch.where(distance > lanes * lane + 0.1, bays, 0.0))
    line = torch.where(place.from_junction < 0, 0.0, line)
    before = (place.along - row[:, _ZEBRA]).abs()
    zone = step(row[:, _ZEBRA_HALF] - before, far) * (row[:, _ZEBRA_HALF] > 0)
    zebra = pulse(across, 1.0, 0.5, near) * zone
    stop = step(0.18 - (place.along - row[:, _ZEBRA] + row[:, _ZEBRA_HALF] + 1.2).abs(), far)
    stop = torch.where(right & (row[:, _ZEBRA_HALF] > 0), stop, 0.0)
    inside = step(place.kerb - 0.2 - distance, near)
    return torch.maximum(torch.where(zone > 0, 0.0, line), torch.maximum(zebra, stop)) * inside
