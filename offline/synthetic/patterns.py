"""What is drawn on surfaces: stones, windows, planks, leaves, paintwork, signs.

Every pattern gets the pixels that have it and returns their reflectance and gloss. Edges are as
wide as a pixel (``noise.pulse``, ``noise.step``), so that nothing flickers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from offline.synthetic import palette
from offline.synthetic.hashing import uniform
from offline.synthetic.noise import pulse, step


@dataclass(frozen=True, eq=False)
class Patch:
    """Pixels that show one kind of material.

    Attributes:
        rows: of their materials. # (P, palette.COLUMNS)
        local: in the body's frame, m. # (P, 3)
        place: along the face they are on, across and down, m. # (P, 2)
        normal: in the body's frame. # (P, 3)
        axis: of the face: 0 a side, 1 top or bottom, 2 front or back. # (P,)
        footprint: size of a pixel there, m. # (P,)
        grain: noise of mean 0 and variance about 1. # (P,)
    """

    rows: Tensor
    local: Tensor
    place: Tensor
    normal: Tensor
    axis: Tensor
    footprint: Tensor
    grain: Tensor

    def measure(self, index: int) -> Tensor:
        """Return a measure of the pixels' materials. # (P,)."""
        return self.rows[:, palette.FIRST + index]

    @property
    def colour(self) -> Tensor:
        """Return the first colour with its grain. # (P, 3)."""
        bright = (self.rows[:, palette.CONTRAST] * self.grain).clamp_(-0.85, 2)
        return self.rows[:, palette.COLOUR] * (1 + bright)[:, None]

    @property
    def second(self) -> Tensor:
        """Return the second colour. # (P, 3)."""
        return self.rows[:, palette.SECOND]

    @property
    def gloss(self) -> Tensor:
        """Return the material's gloss. # (P,)."""
        return self.rows[:, palette.GLOSS]


Look = tuple[Tensor, Tensor]  # reflectance (P, 3), gloss (P,)


def _mix(base: Tensor, over: Tensor, share: Tensor) -> Tensor:
    return torch.lerp(base, over, share[:, None])


def _plain(patch: Patch) -> Look:
    return patch.colour, patch.gloss


def _stones(patch: Patch) -> Look:
    joint = _joints(patch, patch.measure(0), patch.measure(1), patch.measure(2))
    return _mix(patch.colour, patch.second, joint), patch.gloss


def _joints(patch: Patch, length: Tensor, height: Tensor, share: Tensor) -> Tensor:
    """Return how much of each pixel is joint, courses shifted by half a stone."""
    across, down = patch.place.unbind(1)
    course = (down / height).floor()
    along = across + 0.5 * length * (course % 2)
    upright = pulse(along, length, share * height / length, patch.footprint)
    return 1 - (1 - upright) * (1 - pulse(down, height, share, patch.footprint))


def _facade(patch: Patch) -> Look:
    pitch, floor = patch.measure(0), patch.measure(1)
    across, height = patch.place[:, 0], -patch.local[:, 1]
    wide, high, ground = patch.measure(2), patch.measure(3), patch.measure(4)
    shop = height < ground
    wide = torch.where(shop, 0.5 + 0.5 * wide, wide)
    above = torch.where(shop, height, height - ground)
    storey = torch.where(shop, ground, floor)
    sill = 0.3 * storey
    columns = pulse(across - (1 - wide) * pitch / 2, pitch, wide, patch.footprint)
    glass = columns * pulse(above - sill, storey, torch.where(shop, 0.6, high), patch.footprint)
    under = columns * pulse(above - sill + 0.15, storey, 0.15 / storey, patch.footprint)
    wall = (patch.axis != 1) & (height < patch.measure(5) - 0.25 * floor)
    glass, under = (torch.where(wall, value, 0.0) for value in (glass, under))
    stones = _mix(patch.colour, 0.55 * patch.colour, _courses(patch))
    colour = _mix(stones, patch.second, torch.where(shop & wall, 0.35, 0.8 * under))
    bar = pulse(across - 0.5 * pitch + 0.04, pitch, 0.08 / pitch, patch.footprint)
    glass = glass * (1 - torch.where(shop, 0.0, bar))
    return _mix(colour, _panes(patch, pitch, above, storey), glass), 0.75 * glass


def _courses(patch: Patch) -> Tensor:
    length = patch.measure(6)
    share = torch.where(length > 0, 0.1, 0.0)
    length = torch.where(length > 0, length, 1.0)
    return _joints(patch, length, 0.4 * length, share)


def _panes(patch: Patch, pitch: Tensor, above: Tensor, storey: Tensor) -> Tensor:
    """Return glass: dark, or a curtain behind it, by window. # (P, 3)."""
    number = (patch.place[:, 0] / pitch).floor() * 37 + (above / storey).floor() * 1013
    chance = uniform((number + patch.rows[:, palette.SEED].floor() * 7919).long())[:, None]
    dark = torch.tensor(palette.GLASS, device=chance.device) * (0.6 + 1.4 * chance)
    return torch.where(chance > 0.72, 0.3 * chance + 0.08 * patch.grain[:, None], dark).clamp(0.005)


def _planks(patch: Patch) -> Look:
    width, across = patch.measure(0), patch.place[:, 0]
    gap = pulse(across, width, patch.measure(1), patch.footprint)
    shade = uniform(((across / width).floor() * 31 + patch.rows[:, palette.SEED]).long())
    shade = 1 + 0.3 * (shade - 0.5) * (width / patch.footprint - 1).clamp_(0, 1)
    return _mix(patch.colour * shade[:, None], patch.second, gap), patch.gloss


def _foliage(patch: Patch) -> Look:
    leaf = torch.sigmoid(2.2 * patch.rows[:, palette.CONTRAST] * patch.grain + 0.3)
    return _mix(patch.second, 1.35 * patch.rows[:, palette.COLOUR], leaf), patch.gloss


def _bodywork(patch: Patch) -> Look:
    across, height, along = patch.local[:, 0], -patch.local[:, 1], patch.local[:, 2]
    width, radius = patch.footprint, patch.measure(2)
    side, end = patch.axis == 0, patch.axis == 2
    arch = torch.zeros_like(height)
    for axle in (patch.measure(3), patch.measure(4)):
        reach = 1.12 * radius - torch.hypot(along - axle, height - radius)
        arch = torch.maximum(arch, step(reach, width))
    doors = pulse(along + 0.02, 1.05, 0.03, width) * step(height - 0.3, width)
    dark = torch.where(side, torch.maximum(arch, 0.7 * doors), 0.0)
    dark = torch.maximum(dark, step(0.3 - height, width) * 0.9)
    edge = across.abs() - 0.58 * patch.measure(1)
    lamp = step(edge, width) * step(0.13 - (height - 0.72).abs(), width)
    plate = step(0.26 - across.abs(), width) * step(0.06 - (height - 0.48).abs(), width)
    grille = step(0.5 - across.abs(), width) * step(0.09 - (height - 0.7).abs(), width)
    front = along > 0
    colour = _mix(patch.colour, torch.full_like(patch.second, 0.015), dark)
    black, white = torch.full_like(colour, 0.02), torch.full_like(colour, 0.7)
    red = torch.tensor([0.5, 0.01, 0.01], device=colour.device).expand_as(colour)
    colour = _mix(colour, black, torch.where(end & front, grille, 0.0))
    colour = _mix(colour, torch.where(front[:, None], white, red), torch.where(end, lamp, 0.0))
    return _mix(colour, white, torch.where(end, plate, 0.0)), patch.gloss * (1 - dark)


def _cabin(patch: Patch) -> Look:
    across, height, along = patch.local[:, 0], -patch.local[:, 1], patch.local[:, 2]
    width, middle = patch.footprint, 0.5 * (patch.measure(0) + patch.measure(1))
    pillar = step(0.05 - (along - middle).abs(), width)
    rim = step(0.09 - (patch.measure(2) - across.abs()), width)
    paint = torch.where(patch.axis == 0, pillar, torch.where(patch.axis == 2, rim, 0.0))
    band = torch.minimum(height - patch.measure(3), patch.measure(4) - height)
    paint = torch.maximum(paint, step(0.06 - band, width))
    paint = torch.where(patch.normal[:, 1] < -0.8, 1.0, paint)
    colour = _mix(patch.second, patch.colour, paint)
    return colour, torch.lerp(torch.full_like(paint, 0.9), patch.gloss, paint)


def _wheel(patch: Patch) -> Look:
    height, along = -patch.local[:, 1], patch.local[:, 2]
    radius = patch.measure(0)
    front, rear = along - patch.measure(2), along - patch.measure(3)
    off = torch.where(front.abs() < rear.abs(), front, rear)
    reach = torch.hypot(off, height - patch.measure(1))
    rim = step(0.62 * radius - reach, patch.footprint)
    spokes = 0.5 + 0.5 * torch.sin(5 * torch.atan2(off, height - patch.measure(1)))
    rim = torch.where(patch.axis == 0, rim * (0.25 + 0.75 * spokes), 0.0)
    return _mix(patch.colour, patch.second, rim), patch.gloss


def _stripes(patch: Patch) -> Look:
    share = pulse(patch.place[:, 1], patch.measure(0), patch.measure(1), patch.footprint)
    return _mix(patch.colour, patch.second, share), patch.gloss


def _sign(patch: Patch) -> Look:
    across, down = patch.local[:, 0], patch.local[:, 1] + patch.measure(1)
    radius, style = patch.measure(0), patch.measure(2)
    circle, square = torch.hypot(across, down), torch.maximum(across.abs(), down.abs())
    rim = step(torch.where(style < 0.5, circle, square) - 0.78 * radius, patch.footprint)
    mark = step(0.13 * radius - (across + (style - 0.5) * down).abs(), patch.footprint)
    mark *= step(0.5 * radius - down.abs(), patch.footprint)
    white = torch.full_like(patch.second, 0.65)
    face = torch.where((style > 1.5)[:, None], patch.colour, white)
    ink = torch.where((style > 1.5)[:, None], white, patch.second)
    colour = _mix(_mix(face, ink, mark), patch.colour, rim)
    back = torch.tensor(palette.METAL, device=colour.device)
    return torch.where((patch.normal[:, 2] < 0)[:, None], colour, back), patch.gloss


def _roof(patch: Patch) -> Look:
    size = patch.measure(0)
    joint = 0.5 * _joints(patch, size, size, torch.full_like(size, 0.18))
    bright = (1 + patch.rows[:, palette.CONTRAST] * patch.grain).clamp(0.2, 2)
    gable = patch.second * bright[:, None]
    colour = patch.colour * (1 - joint)[:, None]
    return torch.where((patch.axis == 2)[:, None], gable, colour), patch.gloss


def _lamps(patch: Patch) -> Look:
    across = patch.local[:, 0] - patch.measure(3)
    down = patch.local[:, 1] + patch.measure(0)
    spacing = patch.measure(1)
    number = (down / spacing).round().clamp_(-1, 1)
    reach = 0.38 * spacing - torch.hypot(across, down - number * spacing)
    disc = torch.where(patch.normal[:, 2] < -0.5, step(reach, patch.footprint), 0.0)
    table = torch.tensor([[3.0, 0.1, 0.05], [2.5, 1.2, 0.05], [0.1, 2.2, 0.9]])
    shine = table.to(disc.device)[(number + 1).long()]
    on = number == patch.measure(2) - 1
    return _mix(patch.colour, torch.where(on[:, None], shine, 0.04 * shine), disc), patch.gloss


def _rows(patch: Patch) -> Look:
    height, width = -patch.local[:, 1], patch.footprint
    along = torch.where(patch.axis == 0, patch.local[:, 2], patch.local[:, 0])
    share = torch.where(patch.axis == 0, patch.measure(1), 0.9)
    pitch = torch.where(patch.axis == 0, patch.measure(0), 2.6)
    glass = pulse(along + 0.5 * share * pitch, pitch, share, width)
    band = torch.minimum(height - patch.measure(2), patch.measure(3) - height)
    glass = torch.where(patch.axis == 1, 0.0, glass * step(band, width))
    skirt = torch.maximum(step(0.45 - height, width), step(0.12 - (height - 0.9).abs(), width))
    colour = _mix(patch.colour, patch.second, torch.where(patch.axis == 1, 0.0, skirt))
    pane = torch.tensor(palette.GLASS, device=glass.device).expand_as(colour)
    return _mix(colour, pane, glass), torch.lerp(patch.gloss, torch.full_like(glass, 0.9), glass)


PATTERNS: dict[int, Callable[[Patch], Look]] = {
    palette.PLAIN: _plain,
    palette.STONES: _stones,
    palette.FACADE: _facade,
    palette.PLANKS: _planks,
    palette.FOLIAGE: _foliage,
    palette.BODYWORK: _bodywork,
    palette.CABIN: _cabin,
    palette.WHEEL: _wheel,
    palette.STRIPES: _stripes,
    palette.SIGN: _sign,
    palette.LAMPS: _lamps,
    palette.ROWS: _rows,
    palette.ROOF: _roof,
}
