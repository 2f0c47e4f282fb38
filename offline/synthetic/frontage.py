"""What stands beside the road and does not move: houses, gardens, trees, signs, the background."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from offline.synthetic import furniture, vegetation
from offline.synthetic.affine import upright
from offline.synthetic.assembly import Assembly, Part
from offline.synthetic.buildings import Plot, draw_building
from offline.synthetic.draws import Draws
from offline.synthetic.occupancy import Occupancy
from offline.synthetic.street import CITY, COUNTRY, SUBURB, Street

_START_M = -12.0
_HEADROOM_M = 8.0  # of trees from the middle of the road: crowns stay out of the camera's way


@dataclass(frozen=True)
class Site:
    """A street on which things are being placed.

    Attributes:
        assembly: gets what is placed.
        street: its course and sides.
        occupancy: keeps things apart.
        end: how far the street is filled, m along.
    """

    assembly: Assembly
    street: Street
    occupancy: Occupancy
    end: float

    def put(self, parts: Sequence[Part], along: float, across: float, turn: float = 0.0) -> None:
        """Place scenery that faces along the street, ``turn`` rad to its right."""
        x, z, heading = self.street.place(along, across)
        self.assembly.scenery(parts, upright(x, z, heading + turn))

    def put_if_free(self, parts: Sequence[Part], along: float, across: float, width: float) -> None:
        """Place scenery as wide as ``width`` on the ground, unless something is there."""
        spot = self.street.place(along, across)
        if self.occupancy.claim([spot] * len(self.assembly.clock), width, width):
            self.put(parts, along, across)


def fill_frontage(site: Site, seed: int) -> None:
    """Place all that stands beside the road."""
    fronts: dict[str, Callable[[Site, Draws, int], None]] = {
        CITY: _city_front,
        SUBURB: _suburb_front,
        COUNTRY: _country_front,
    }
    for sign in (-1, 1):
        fronts[site.street.kind](site, Draws(seed, f"front {sign}"), sign)
        _kerbside(site, Draws(seed, f"kerb {sign}"), sign)
    _junction(site, Draws(seed, "junction"))
    _background(site, Draws(seed, "background"))


def _city_front(site: Site, draws: Draws, sign: int) -> None:
    setback, storeys = draws.uniform(0.1, 2.0), draws.integer(2, 5)
    along = _START_M + draws.uniform(-6, 6)
    while along < site.end:
        length = draws.uniform(8, 24)
        middle = along + length / 2
        if site.street.open_at(middle, sign, length / 2 + 2.5):
            along += 4.0
            continue
        if draws.chance(0.12):
            _gap(site, draws, middle, sign, length)
        else:
            height = 3.1 * max(1, storeys + draws.integer(-1, 1)) + draws.uniform(0.8, 2.5)
            _house(site, draws, middle, sign, (length, height, setback), town=True)
        along += length + (draws.uniform(1, 5) if draws.chance(0.2) else 0.0)


def _house(
    site: Site,
    draws: Draws,
    along: float,
    sign: int,
    size: tuple[float, float, float],
    *,
    town: bool,
) -> None:
    """Place a building of a length, a height and a distance from the pavement."""
    length, height, setback = size
    depth = draws.uniform(8, 13)
    # On the inside of a bend the corners of a straight front stand forward.
    bulge = length * length / (8 * abs(site.street.radius))
    across = sign * (site.street.side(sign).outer + setback + bulge + depth / 2)
    plot = Plot(length, depth, height, -sign, town)
    site.put(draw_building(site.assembly, draws, plot), along, across)


def _gap(site: Site, draws: Draws, along: float, sign: int, length: float) -> None:
    """Close a gap between town houses: a wall or fence with green behind."""
    outer = site.street.side(sign).outer
    _boundary(site, draws, along, sign * (outer + 0.6), length)
    for _ in range(2):
        place = along + draws.uniform(-0.4, 0.4) * length
        tree = vegetation.draw_tree(site.assembly, draws)
        site.put(tree, place, sign * max(outer + draws.uniform(3, 8), _HEADROOM_M))


def _boundary(site: Site, draws: Draws, along: float, across: float, length: float) -> None:
    maker = draws.choice(
        (furniture.draw_fence, furniture.draw_wall, vegetation.draw_hedge), (0.42, 0.33, 0.25)
    )
    site.put(maker(site.assembly, draws, length), along, across)


def _suburb_front(site: Site, draws: Draws, sign: int) -> None:
    outer, setback = site.street.side(sign).outer, draws.uniform(3.5, 9)
    along = _START_M + draws.uniform(-8, 4)
    while along < site.end:
        length = draws.uniform(8, 15)
        garden = length + draws.uniform(3, 9)
        middle = along + garden / 2
        if site.street.open_at(middle, sign, garden / 2 + 2.5):
            along += 4.0
            continue
        height = draws.uniform(3.4, 7.0)
        _house(
            site, draws, middle, sign, (length, height, setback + draws.uniform(0, 1.5)), town=False
        )
        if draws.chance(0.6):
            span = 0.85 * garden
            _boundary(site, draws, middle, sign * (outer + 0.5), span)
        for _ in range(draws.integer(0, 2)):
            maker = vegetation.draw_tree if draws.chance(0.45) else vegetation.draw_bush
            parts = maker(site.assembly, draws)
            place = middle + draws.uniform(-0.5, 0.5) * garden
            least = outer + 1.6 if maker is vegetation.draw_bush else _HEADROOM_M
            site.put(parts, place, sign * max(outer + draws.uniform(1.6, setback), least))
        along += garden


def _country_front(site: Site, draws: Draws, sign: int) -> None:
    outer, along = site.street.side(sign).outer, _START_M
    fenced = draws.chance(0.6)
    while along < site.end:
        length = draws.uniform(9, 20)
        middle = along + length / 2
        along += length
        if site.street.open_at(middle, sign, length / 2 + 2.5):
            continue
        if fenced:
            maker = furniture.draw_fence if draws.chance(0.8) else furniture.draw_wall
            site.put(maker(site.assembly, draws, length), middle, sign * (outer + 1.2))
        kind = draws.choice(("tree", "bush", "wood", "house", "none"), (4, 2, 2, 1, 1))
        if kind == "tree":
            tree = vegetation.draw_tree(site.assembly, draws)
            site.put(tree, middle, sign * max(outer + draws.uniform(2.5, 8), _HEADROOM_M))
        elif kind == "bush":
            bush = vegetation.draw_bush(site.assembly, draws)
            site.put(bush, middle, sign * (outer + draws.uniform(2.4, 5)))
        elif kind == "wood":
            wood = vegetation.draw_wood(site.assembly, draws, length)
            site.put(wood, middle, sign * (outer + draws.uniform(13, 24)))
        elif kind == "house":
            size = (0.8 * length, draws.uniform(3.5, 7), draws.uniform(6, 18))
            _house(site, draws, middle, sign, size, town=False)


def _kerbside(site: Site, draws: Draws, sign: int) -> None:
    """Place lamps, trees, signs and bollards between road and pavement."""
    side = site.street.side(sign)
    across = sign * (side.kerb + 0.45)
    trees = draws.chance(0.45) and side.verge + side.pavement > 1.4 and side.kerb > 4.5
    lamps, spacing = draws.chance(0.85), draws.uniform(16, 30)
    reach = -sign * draws.uniform(1.2, 2.2) if draws.chance(0.6) else 0.0
    along = draws.uniform(4, 14)
    while along < site.end:
        if lamps and not site.street.open_at(along, sign, 1.0):
            site.put_if_free(furniture.draw_lamp(site.assembly, draws, reach), along, across, 0.4)
        for step in (0.33, 0.66):
            place = along + step * spacing
            if site.street.open_at(place, sign, 1.5):
                continue
            parts, width, inset = _kerb_piece(site, draws, trees and place > 9)
            site.put_if_free(parts, place, across + sign * inset, width)
        along += spacing


def _kerb_piece(site: Site, draws: Draws, trees: bool) -> tuple[list[Part], float, float]:
    """Return what stands near the kerb, its width and how far behind the kerb it belongs, m."""
    weights = (5.0 if trees else 0.0, 1.6, 0.8, 0.4, 1.0, 1.2)
    kind = draws.choice(("tree", "sign", "bollards", "board", "bush", "mast"), weights)
    if kind == "tree":
        return vegetation.draw_tree(site.assembly, draws), 0.6, 0.0
    if kind == "sign":
        return furniture.draw_sign(site.assembly, draws), 0.3, 0.0
    if kind == "bollards":
        return furniture.draw_bollards(site.assembly, draws, draws.uniform(3, 6)), 0.3, 0.0
    if kind == "mast":
        return furniture.draw_lamp(site.assembly, draws, 0.0), 0.4, 0.0
    if kind == "board":
        return furniture.draw_board(site.assembly, draws, 0.0), 0.4, 1.5
    return vegetation.draw_bush(site.assembly, draws)[:1], 1.2, 1.1


def _junction(site: Site, draws: Draws) -> None:
    """Place what a junction or a crossing has: signals or signs, a house across the side street."""
    street = site.street
    stop = street.zebra if street.zebra is not None else street.junction
    if stop is None:
        return
    before = stop - 2.5 - (0.0 if street.zebra is not None else street.junction_half)
    signals = draws.chance(0.8)
    for sign, along in ((1, before), (-1, before + 1.0), (1, before + 9)):
        across = sign * (street.side(sign).kerb + 0.35)
        reach = -sign * draws.uniform(2.2, 3.5) if draws.chance(0.35) else 0.0
        if street.open_at(along, sign, 0.8):
            continue
        maker = furniture.draw_signals if signals else _sign_only
        site.put_if_free(maker(site.assembly, draws, reach), along, across, 0.4)
    if street.junction is not None and draws.chance(0.7):
        sign = street.junction_sides or draws.sign()
        plot = Plot(18, 10, draws.uniform(6, 14), -sign, town=True)
        parts = draw_building(site.assembly, draws, plot)
        site.put(parts, street.junction, sign * draws.uniform(38, 60))


def _sign_only(assembly: Assembly, draws: Draws, _: float) -> list[Part]:
    return furniture.draw_sign(assembly, draws)


def _background(site: Site, draws: Draws) -> None:
    """Place woods and blocks far away, so that the world does not end at the first row."""
    for sign in (-1, 1):
        for along in (15.0, 45.0, 80.0):
            across = sign * draws.uniform(38, 70)
            if draws.chance(0.7):
                wood = vegetation.draw_wood(site.assembly, draws, draws.uniform(18, 30))
                site.put(wood, along + draws.uniform(-8, 8), across)
    for _ in range(draws.integer(0, 3)):
        hill = vegetation.draw_hill(site.assembly, draws)
        x, z = draws.uniform(-300, 300), site.end + draws.uniform(260, 420)
        site.assembly.scenery(hill, upright(x, z, 0))
    for number in range(5):
        across = (number - 2) * 24 + draws.uniform(-6, 6)
        if abs(across) < 9 and not draws.chance(0.6):
            continue
        along, turn = site.end + draws.uniform(5, 40), math.pi / 2
        if site.street.kind == CITY and draws.chance(0.6):
            plot = Plot(draws.uniform(14, 24), 10, draws.uniform(8, 30), 1, town=True)
            site.put(draw_building(site.assembly, draws, plot), along, across, turn)
        else:
            wood = vegetation.draw_wood(site.assembly, draws, draws.uniform(20, 30))
            site.put(wood, along, across, turn)
