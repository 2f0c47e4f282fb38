"""How the camera and the traffic move along a street."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from offline.synthetic.affine import Affine, compose, pitched, rolled, upright
from offline.synthetic.draws import Draws
from offline.synthetic.occupancy import Spot
from offline.synthetic.settings import WorldSettings
from offline.synthetic.street import Street
from offline.synthetic.world import Rig

SHORT_S = 1.0  # worlds that last longer have no camera that turns off
CAR_M = (12.0, 2.4)  # length and width that the camera's own car claims, with what it must not near


@dataclass(frozen=True)
class Drive:
    """The camera's way.

    Attributes:
        speed: m/s; 0 for one that stands.
        spots: of the camera's car at each instant.
        rig: the cameras.
    """

    speed: float
    spots: tuple[Spot, ...]
    rig: Rig


def draw_drive(
    street: Street, settings: WorldSettings, draws: Draws, clock: Sequence[float]
) -> Drive:
    """Return the way of a camera in the right lane of ``street``."""
    standing = draws.chance(settings.standing)
    speed = 0.0 if standing else draws.uniform(*settings.speed_m_s)
    turns = not standing and draws.chance(settings.turning) and clock[-1] <= SHORT_S
    if turns and street.junction is not None:
        spots, speed = _turning(street, street.junction, draws, clock)
    else:
        spots = _along_lane(street, draws, clock, speed)
    height = draws.uniform(*settings.camera_height_m)
    poses = _mounted(spots, height, draws, clock, standing)
    return Drive(speed, tuple(spots), _rig(settings, draws, poses))


def along_street(
    street: Street, clock: Sequence[float], along: float, across: float, speed: float
) -> list[Spot]:
    """Return the spots of what follows the street; a negative speed drives towards us."""
    spots = []
    for time in clock:
        x, z, heading = street.place(along + speed * time, across)
        spots.append((x, z, heading if speed >= 0 else heading + math.pi))
    return spots


def straight(clock: Sequence[float], start: Spot, speed: float, turn: float = 0.0) -> list[Spot]:
    """Return the spots of what drives from ``start``, turning right by ``turn`` rad/s."""
    spots = []
    for time in clock:
        middle = start[2] + 0.5 * turn * time  # chord of the arc
        chord = speed * time
        if turn * time:
            chord *= math.sin(0.5 * turn * time) / (0.5 * turn * time)
        x, z = start[0] + chord * math.sin(middle), start[1] + chord * math.cos(middle)
        spots.append((x, z, start[2] + turn * time))
    return spots


def poses(spots: Sequence[Spot]) -> list[Affine]:
    """Return the poses of what stands on the ground at these spots."""
    return [upright(x, z, heading) for x, z, heading in spots]


def _along_lane(street: Street, draws: Draws, clock: Sequence[float], speed: float) -> list[Spot]:
    lane = draws.integer(0, street.right.lanes - 1)
    across = street.lane_middle(1, lane) + draws.uniform(-0.3, 0.3)
    sway, rate = draws.uniform(0, 0.25), draws.uniform(0.3, 1.0)
    phase = draws.uniform(0, 2 * math.pi)
    askew = draws.uniform(-0.02, 0.02)
    spots = []
    for time in clock:
        aside = sway * math.sin(rate * time + phase) if speed else 0.0
        drift = sway * rate * math.cos(rate * time + phase) / speed if speed else 0.0
        x, z, heading = street.place(speed * time, across + aside)
        spots.append((x, z, heading + max(-0.15, min(0.15, drift)) + askew))
    return spots


def _turning(
    street: Street, junction: float, draws: Draws, clock: Sequence[float]
) -> tuple[list[Spot], float]:
    """Return the spots of a camera that turns off at the junction, and its speed."""
    sign = street.junction_sides or draws.sign()
    speed, done = draws.uniform(2.5, 7.0), draws.uniform(0.1, 0.9)
    radius = max(street.junction_half, 3.0) + (2.0 if sign > 0 else 5.0)
    start = junction - radius * (1 - math.sin(done)) + 1.0
    across = street.lane_middle(1, 0) + sign * radius * (1 - math.cos(done))
    x, z, heading = street.place(start, across)
    return straight(clock, (x, z, heading + sign * done), speed, sign * speed / radius), speed


def _mounted(
    spots: Sequence[Spot], height: float, draws: Draws, clock: Sequence[float], standing: bool
) -> list[Affine]:
    """Return the camera's poses: tilted as mounted, and rocking where the car drives."""
    tilt = [draws.uniform(-0.025, 0.025), draws.uniform(-0.02, 0.02)]
    rocks = [0.0 if standing else draws.uniform(0, size) for size in (0.006, 0.005, 0.015)]
    rates = [draws.uniform(4, 11) for _ in rocks]
    phases = [draws.uniform(0, 2 * math.pi) for _ in rocks]
    result = []
    for time, (x, z, heading) in zip(clock, spots, strict=True):
        waves = [
            size * math.sin(rate * time + phase)
            for size, rate, phase in zip(rocks, rates, phases, strict=True)
        ]
        turn = compose(pitched(tilt[0] + waves[0]), rolled(tilt[1] + waves[1]))
        result.append(compose(upright(x, z, heading, -height + waves[2]), turn))
    return result


def _rig(settings: WorldSettings, draws: Draws, world_from_camera: Sequence[Affine]) -> Rig:
    focal = settings.width * draws.uniform(*settings.focal)
    cx = (settings.width - 1) / 2 + settings.width * draws.uniform(-0.02, 0.02)
    cy = (settings.height - 1) / 2 + settings.height * draws.uniform(-0.06, 0.06)
    rows = [(*pose, 0.0, 0.0, 0.0, 1.0) for pose in world_from_camera]
    return Rig(
        torch.tensor([[focal, 0, cx], [0, focal, cy], [0, 0, 1]], dtype=torch.float64),
        draws.uniform(*settings.baseline_m),
        torch.tensor(rows, dtype=torch.float64).view(-1, 4, 4),
    )


def free_camera(settings: WorldSettings, draws: Draws, clock: Sequence[float]) -> Rig:
    """Return a camera that flies: a steady velocity and a slow turn about any axis."""
    still = draws.chance(settings.standing)
    velocity = [0.0 if still else draws.uniform(-6, 6) for _ in range(3)]
    turn = [0.0 if still else draws.uniform(-0.4, 0.4) for _ in range(3)]
    result = []
    for time in clock:
        lean = compose(pitched(turn[0] * time), rolled(turn[1] * time))
        here = upright(velocity[0] * time, velocity[2] * time, turn[2] * time, velocity[1] * time)
        result.append(compose(here, lean))
    return _rig(settings, draws, result)
