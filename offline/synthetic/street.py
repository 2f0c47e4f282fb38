"""The street itself: its course and what lies beside what across it.

Places in a street are ``along`` (metres along its middle) and ``across`` (metres to the right of
the middle); the course is a circular arc through the world's origin, which it leaves along z.
Traffic keeps to the right.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from offline.synthetic.draws import Colour, Draws

CITY, SUBURB, COUNTRY = "city", "suburb", "country"
_STRAIGHT_M = 2e4  # radius of a street that is straight to the eye
_MOST_TURN = 1.5  # rad, of a whole street


@dataclass(frozen=True)
class Side:
    """What lies beside the lanes on one side, from the middle outwards.

    Attributes:
        lanes: in this side's direction.
        kerb: where the road ends, m from the middle.
        parking: width of the parked cars' strip inside the kerb, m; 0 for none.
        verge: width of the grass between kerb and pavement, m; 0 for none.
        pavement: width, m; 0 for none.
        paved: whether the ground beyond the pavement is paved too, else it is terrain.
    """

    lanes: int
    kerb: float
    parking: float
    verge: float
    pavement: float
    paved: bool

    @property
    def outer(self) -> float:
        """Return where the pavement ends, m from the middle."""
        return self.kerb + self.verge + self.pavement


@dataclass(frozen=True)
class Street:
    """A street.

    Attributes:
        kind: ``CITY``, ``SUBURB`` or ``COUNTRY``.
        radius: of the course, m; positive for one that bends to the right.
        lane: width of a lane, m.
        left: with the oncoming traffic.
        right: with the camera's direction.
        junction: where a street crosses, m along; None for none.
        junction_half: half that street's width, m.
        junction_sides: -1 leaves to the left, 1 to the right, 0 to both.
        zebra: where a crossing is painted, m along; None for none.
    """

    kind: str
    radius: float
    lane: float
    left: Side
    right: Side
    junction: float | None
    junction_half: float
    junction_sides: int
    zebra: float | None

    def place(self, along: float, across: float) -> tuple[float, float, float]:
        """Return x, z and heading (rad, to the right of z) of a place and its direction."""
        heading = along / self.radius
        reach = self.radius - across
        return self.radius - reach * math.cos(heading), reach * math.sin(heading), heading

    def side(self, sign: int) -> Side:
        """Return the right side for 1, the left one for -1."""
        return self.right if sign > 0 else self.left

    def open_at(self, along: float, sign: int, margin: float = 0.0) -> bool:
        """Return whether a side street leaves there, so that nothing may stand beside the road."""
        if self.junction is None or self.junction_sides * sign < 0:
            return False
        return abs(along - self.junction) < self.junction_half + margin

    def lane_middle(self, sign: int, lane: int) -> float:
        """Return where the middle of a lane is across; lane 0 is the innermost."""
        return sign * (lane + 0.5) * self.lane


def draw_street(draws: Draws, length: float = 0.0) -> Street:
    """Return a street that does not bend back on itself within ``length`` metres."""
    kind = draws.choice((CITY, SUBURB, COUNTRY), (0.5, 0.32, 0.18))
    lane = draws.uniform(2.9, 3.7)
    reach = _STRAIGHT_M if draws.chance(0.4) else 1 / draws.uniform(0.0008, 0.009)
    radius = draws.sign() * max(reach, length / _MOST_TURN)
    lanes = 2 if kind != SUBURB and draws.chance(0.3) else 1
    left, right = (_side(draws, kind, lane, lanes) for _ in range(2))
    junction = draws.uniform(14, 55) if draws.chance(0.62) else None
    half = draws.uniform(3.2, 6.5)
    zebra = None
    if kind != COUNTRY and draws.chance(0.5):
        zebra = draws.uniform(10, 40) if junction is None else junction - half - 4.0
    return Street(kind, radius, lane, left, right, junction, half, draws.choice((-1, 0, 1)), zebra)


def _side(draws: Draws, kind: str, lane: float, lanes: int) -> Side:
    parks = {CITY: 0.75, SUBURB: 0.7, COUNTRY: 0.05}[kind]
    walks = {CITY: 1.0, SUBURB: 0.85, COUNTRY: 0.3}[kind]
    grass = {CITY: 0.12, SUBURB: 0.45, COUNTRY: 0.6}[kind]
    parking = draws.uniform(2.0, 2.5) if draws.chance(parks) else 0.0
    kerb = lanes * lane + parking + draws.uniform(0.2, 0.8)
    verge = draws.uniform(0.8, 2.5) if draws.chance(grass) else 0.0
    wide = (2.2, 5.0) if kind == CITY else (1.4, 2.4)
    pavement = draws.uniform(*wide) if draws.chance(walks) else 0.0
    return Side(lanes, kerb, parking, verge, pavement, kind == CITY and draws.chance(0.85))


_ASPHALTS: tuple[Colour, ...] = ((0.12, 0.12, 0.125), (0.17, 0.165, 0.16), (0.22, 0.22, 0.22))
_PAVINGS: tuple[Colour, ...] = ((0.3, 0.29, 0.28), (0.24, 0.22, 0.2), (0.36, 0.3, 0.25))
_TERRAINS: tuple[tuple[Colour, Colour], ...] = (
    ((0.13, 0.19, 0.05), (0.08, 0.13, 0.03)),
    ((0.2, 0.22, 0.08), (0.12, 0.15, 0.05)),
    ((0.26, 0.2, 0.12), (0.15, 0.16, 0.06)),
)


def ground_row(street: Street, draws: Draws) -> list[float]:
    """Return the street as ``ground.py`` reads it, its colours and markings drawn."""
    left, right = street.left, street.right
    terrain = draws.choice(_TERRAINS, (0.5, 0.3, 0.2))
    fresh = draws.chance(0.8)
    return [
        street.radius,
        *(left.kerb, right.kerb, left.verge, right.verge, left.outer, right.outer),
        *(float(left.paved), float(right.paved)),
        0.0 if street.junction is None else street.junction,
        -99.0 if street.junction is None else street.junction_half,
        float(street.junction_sides),
        0.0 if street.zebra is None else street.zebra,
        0.0 if street.zebra is None else draws.uniform(1.2, 2.0),
        *(street.lane, float(left.lanes), float(right.lanes)),
        float(draws.chance(0.85 if street.kind != SUBURB else 0.5)),
        float(draws.chance(0.5)),
        *(draws.uniform(6, 12), draws.uniform(0.3, 0.6)),
        draws.uniform(0.4, 0.6) if fresh else draws.uniform(0.15, 0.3),
        *draws.tint(draws.choice(_ASPHALTS), 0.2, 0.03),
        *draws.tint(draws.choice(_PAVINGS), 0.2),
        *draws.tint(terrain[0], 0.25, 0.1),
        *draws.tint(terrain[1], 0.25, 0.1),
        draws.uniform(0.25, 0.9),
        draws.uniform(0.1, 0.3),
        float(left.parking > 0 and draws.chance(0.5)),
        draws.uniform(0, 500),
    ]
