"""What moves or could: traffic in the lanes, parked cars, cyclists, people on foot."""

from __future__ import annotations

import math

from offline.synthetic.cycles import LENGTH_M, WIDTH_M, draw_cycle
from offline.synthetic.draws import Draws
from offline.synthetic.frontage import Site
from offline.synthetic.occupancy import Spot
from offline.synthetic.people import draw_walker
from offline.synthetic.street import CITY, COUNTRY, SUBURB
from offline.synthetic.trajectory import along_street, poses, straight
from offline.synthetic.vehicles import MAKERS, draw_car

_GAP_M = 2.0  # kept free before and behind a vehicle
_FAR_M = 90.0  # nothing that moves starts farther away


def fill_traffic(site: Site, seed: int, speed: float) -> None:
    """Place everything that could move; ``speed`` is the camera's, m/s."""
    _lanes(site, Draws(seed, "lanes"), speed)
    _crossing(site, Draws(seed, "crossing"))
    _tram(site, Draws(seed, "tram"))
    for sign in (-1, 1):
        _cyclists(site, Draws(seed, f"cyclists {sign}"), sign)
        _parked(site, Draws(seed, f"parked {sign}"), sign)
    _walkers(site, Draws(seed, "walkers"))


def _lanes(site: Site, draws: Draws, speed: float) -> None:
    """Place what drives before the camera, in the next lane, and towards it."""
    busy = draws.uniform(0.3, 1.0)
    for sign, lanes in ((1, site.street.right.lanes), (-1, site.street.left.lanes)):
        for lane in range(lanes):
            across = site.street.lane_middle(sign, lane) + draws.uniform(-0.25, 0.25)
            pace = _pace(draws, sign, speed)
            along = draws.uniform(7, 32) if sign < 0 else draws.uniform(-4, 25)
            while along < _FAR_M:
                if draws.chance(busy):
                    own = sign * max(0.0, pace + draws.uniform(-0.7, 0.7)) if pace else 0.0
                    _drive(site, draws, (along, across), own, facing=sign)
                along += draws.uniform(9, 38)


def _pace(draws: Draws, sign: int, speed: float) -> float:
    if draws.chance(0.12):
        return 0.0  # a queue
    if sign > 0 and speed:
        return max(1.0, speed * draws.uniform(0.7, 1.35))
    return draws.uniform(3, 15)


def _drive(
    site: Site, draws: Draws, start: tuple[float, float], velocity: float, *, facing: int
) -> None:
    clock = site.assembly.clock
    spots = along_street(site.street, clock, *start, velocity)
    if not velocity and facing < 0:
        spots = [(x, z, heading + math.pi) for x, z, heading in spots]
    if draws.chance(0.1):
        _place_cycle(site, draws, spots, motor=True, ridden=True)
        return
    _place_vehicle(site, draws, spots, draws.choice(("car", "truck", "bus"), (0.82, 0.1, 0.08)))


def _place_vehicle(site: Site, draws: Draws, spots: list[Spot], name: str) -> None:
    vehicle = MAKERS[name](site.assembly, draws)
    if site.occupancy.claim(spots, vehicle.length + _GAP_M, vehicle.width + 0.3):
        site.assembly.thing([(vehicle.parts, poses(spots))])


def _place_cycle(site: Site, draws: Draws, spots: list[Spot], *, motor: bool, ridden: bool) -> None:
    if not site.occupancy.claim(spots, LENGTH_M + 0.5, WIDTH_M + 0.1):
        return
    things = draw_cycle(site.assembly, draws, poses(spots), motor=motor, ridden=ridden)
    for thing in things:
        site.assembly.thing(thing)


def _crossing(site: Site, draws: Draws) -> None:
    """Place what drives, or waits, on the street that crosses."""
    junction = site.street.junction
    if junction is None:
        return
    for sign in (-1, 1):
        if site.street.junction_sides * sign < 0 or not draws.chance(0.7):
            continue
        moves = draws.chance(0.7) and junction > 16
        least = 3.0 if moves and site.street.junction_sides == 0 else 6.0
        across = sign * (least + draws.uniform(0, 12))
        inward = draws.chance(0.6)
        # Those who drive to the left keep to the far lane, the others to the near one.
        leftward = (sign > 0) == inward
        lane = 0.5 * site.street.junction_half * (1 if leftward else -1)
        x, z, heading = site.street.place(junction + lane, across)
        heading += -math.pi / 2 if leftward else math.pi / 2
        speed = draws.uniform(2.5, 9.0) if moves else 0.0
        turn = draws.uniform(-0.25, 0.25) if 0 < speed < 5 else 0.0
        spots = straight(site.assembly.clock, (x, z, heading), speed, turn)
        name = draws.choice(("car", "truck", "bus", "cycle"), (0.68, 0.1, 0.08, 0.14))
        if name == "cycle":
            _place_cycle(site, draws, spots, motor=draws.chance(0.3), ridden=True)
        else:
            _place_vehicle(site, draws, spots, name)


def _tram(site: Site, draws: Draws) -> None:
    """Place a tram in the oncoming lane of some cities."""
    chance = {CITY: 0.22, SUBURB: 0.06, COUNTRY: 0.06}[site.street.kind]
    if not draws.chance(chance):
        return
    across = site.street.lane_middle(-1, 0)
    velocity = -draws.uniform(3, 12) if draws.chance(0.7) else 0.0
    for along in (24.0, 36.0, 50.0, 66.0):
        spots = along_street(site.street, site.assembly.clock, along, across, velocity)
        tram = MAKERS["tram"](site.assembly, draws)
        if site.occupancy.claim(spots, tram.length + 1, tram.width):
            site.assembly.thing([(tram.parts, poses(spots))])
            return


def _cyclists(site: Site, draws: Draws, sign: int) -> None:
    side = site.street.side(sign)
    for _ in range(draws.choice((0, 1, 2, 3), (0.3, 0.4, 0.2, 0.1))):
        across = sign * (side.kerb - side.parking - draws.uniform(0.35, 0.8))
        along = draws.uniform(5, 45)
        velocity = sign * draws.uniform(2.5, 7)
        spots = along_street(site.street, site.assembly.clock, along, across, velocity)
        _place_cycle(site, draws, spots, motor=draws.chance(0.15), ridden=True)


def _parked(site: Site, draws: Draws, sign: int) -> None:
    """Place cars and cycles that stand at the kerb."""
    side, street = site.street.side(sign), site.street
    dense = draws.uniform(0.45, 0.95)
    along = draws.uniform(-6, 3)
    while along < min(site.end, 85) and side.parking:
        gap = draws.uniform(5.6, 7.5)
        along += gap
        blocked = street.open_at(along, sign, 4) or _on_zebra(site, along)
        if blocked or not draws.chance(dense):
            continue
        across = sign * (side.kerb - 1.05 + draws.uniform(-0.12, 0.12))
        spot = _parked_spot(site, draws, along, across, sign)
        if draws.chance(0.08):
            _place_cycle(site, draws, spot, motor=True, ridden=False)
        else:
            vehicle = draw_car(site.assembly, draws)
            if along > 12 and draws.chance(0.05):
                vehicle = MAKERS["truck"](site.assembly, draws)
            if site.occupancy.claim(spot, vehicle.length + 0.5, vehicle.width):
                site.assembly.thing([(vehicle.parts, poses(spot))])
    for _ in range(draws.choice((0, 1, 2, 3), (0.45, 0.25, 0.2, 0.1))):
        if side.verge + side.pavement < 1.2:
            break
        place = (draws.uniform(6, 35), sign * (side.outer - 0.5))
        spot = _parked_spot(site, draws, *place, sign)
        if not street.open_at(place[0], sign, 2):
            _place_cycle(site, draws, spot, motor=draws.chance(0.15), ridden=False)


def _parked_spot(site: Site, draws: Draws, along: float, across: float, sign: int) -> list[Spot]:
    x, z, heading = site.street.place(along, across)
    backwards = math.pi if (sign < 0) != draws.chance(0.1) else 0.0
    spot = (x, z, heading + backwards + draws.uniform(-0.04, 0.04))
    return [spot] * len(site.assembly.clock)


def _on_zebra(site: Site, along: float) -> bool:
    return site.street.zebra is not None and abs(along - site.street.zebra) < 6


def _walkers(site: Site, draws: Draws) -> None:
    most = {CITY: 14, SUBURB: 8, COUNTRY: 3}[site.street.kind]
    for _ in range(draws.integer(most // 3, most)):
        sign = draws.sign()
        side = site.street.side(sign)
        wide = side.pavement
        if wide > 1:
            across = draws.uniform(side.kerb + side.verge + 0.4, side.outer - 0.3)
        else:
            across = side.outer + draws.uniform(0.5, 1.0)
        along, way = 4 + 40 * draws.unit() ** 1.3, draws.sign()
        x, z, heading = site.street.place(along, sign * across)
        heading += (0 if way > 0 else math.pi) + draws.uniform(-0.3, 0.3)
        speed = 0.0 if draws.chance(0.25) else draws.uniform(0.7, 1.8)
        turn = draws.uniform(-math.pi, math.pi) if not speed else 0.0
        _place_walker(site, draws, (x, z, heading + turn), speed)
    _crossers(site, draws)


def _crossers(site: Site, draws: Draws) -> None:
    """Place people who cross the road, at the crossing where there is one."""
    street = site.street
    if not draws.chance(0.75 if street.zebra is not None else 0.3):
        return
    for _ in range(draws.integer(1, 4)):
        where = street.zebra if street.zebra is not None else draws.uniform(9, 35)
        along = where + draws.uniform(-1, 1)
        across = draws.uniform(-street.left.kerb, street.right.kerb)
        x, z, heading = street.place(along, across)
        heading += draws.sign() * math.pi / 2 + draws.uniform(-0.2, 0.2)
        _place_walker(site, draws, (x, z, heading), draws.uniform(0.8, 2.0))


def _place_walker(site: Site, draws: Draws, start: Spot, speed: float) -> None:
    spots = straight(site.assembly.clock, start, speed)
    if site.occupancy.claim(spots, 0.6, 0.6):
        site.assembly.thing(draw_walker(site.assembly, draws, poses(spots), speed))
