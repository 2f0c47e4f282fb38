"""A seed's world."""

from __future__ import annotations

import torch

from offline.synthetic.assembly import Assembly
from offline.synthetic.draws import Draws
from offline.synthetic.frontage import Site, fill_frontage
from offline.synthetic.lighting import draw_light
from offline.synthetic.occupancy import Occupancy
from offline.synthetic.settings import STREET, WorldSettings
from offline.synthetic.street import draw_street, ground_row
from offline.synthetic.things import fill_things
from offline.synthetic.traffic import fill_traffic
from offline.synthetic.trajectory import CAR_M, draw_drive, free_camera
from offline.synthetic.world import Rig, World

_VIEW_M = 115.0  # of street that is filled beyond the camera's last place


def make_world(seed: int, settings: WorldSettings) -> World:
    """Return the world of ``seed``: the same for the same settings, on every machine.

    Raises:
        ValueError: for a negative seed.
    """
    if seed < 0:
        raise ValueError(f"a world's seed must be >= 0, got {seed}; count worlds from 0")
    return _street(seed, settings) if settings.mode == STREET else _things(seed, settings)


def _street(seed: int, settings: WorldSettings) -> World:
    draws = Draws(seed, "street")
    clock = [number / settings.rate_hz for number in range(settings.times)]
    street = draw_street(draws, settings.speed_m_s[1] * clock[-1] + _VIEW_M)
    drive = draw_drive(street, settings, Draws(seed, "drive"), clock)
    assembly = Assembly(seed, clock)
    site = Site(assembly, street, Occupancy(), drive.speed * clock[-1] + _VIEW_M)
    site.occupancy.claim(drive.spots, *CAR_M)
    fill_traffic(site, seed, drive.speed)
    fill_frontage(site, seed)
    ground = torch.tensor(ground_row(street, draws), dtype=torch.float32)
    return _world(seed, settings, assembly, drive.rig, ground)


def _things(seed: int, settings: WorldSettings) -> World:
    clock = [number / settings.rate_hz for number in range(settings.times)]
    rig = free_camera(settings, Draws(seed, "camera"), clock)
    assembly = Assembly(seed, clock)
    fill_things(assembly, rig, settings, Draws(seed, "things"))
    return _world(seed, settings, assembly, rig, None)


def _world(
    seed: int, settings: WorldSettings, assembly: Assembly, rig: Rig, ground: torch.Tensor | None
) -> World:
    size = (settings.height, settings.width)
    bodies, solids, materials = assembly.finished(rig, size, settings.solids)
    light, sunny = draw_light(Draws(seed, "light"))
    return World(
        seed=seed,
        height=settings.height,
        width=settings.width,
        rig=rig,
        bodies=bodies,
        solids=solids,
        materials=materials,
        ground=ground,
        light=light.row(),
        to_sun=torch.tensor(light.to_sun, dtype=torch.float64) if sunny else None,
    )
