from __future__ import annotations

import pytest
import torch

from offline.synthetic.assembly import Assembly
from offline.synthetic.frontage import Site, fill_frontage
from offline.synthetic.occupancy import Occupancy
from offline.synthetic.street import CITY, COUNTRY, SUBURB, Side, Street
from offline.synthetic.world import Rig


def _places(kind: str, seed: int, junction: float | None = None):
    """Return x, z, largest half size and label of all solids that stand beside a street."""
    side = Side(lanes=1, kerb=4.0, parking=0.0, verge=1.0, pavement=2.0, paved=False)
    street = Street(kind, 1e6, 3.2, side, side, junction, 5.0, 1, None)
    site = Site(Assembly(seed, (0.0,)), street, Occupancy(), 100.0)
    fill_frontage(site, seed)
    intrinsics = torch.tensor([[100.0, 0, 320], [0, 100, 96], [0, 0, 1]]).double()
    rig = Rig(intrinsics, 0.5, torch.eye(4).double()[None])
    bodies, solids, _ = site.assembly.finished(rig, (192, 640), 5000)
    assert not bodies.instance.any()
    assert not bodies.moving.any()
    frames = bodies.world_from_body[0, solids.body]
    local = solids.body_from_local
    centre = (frames[:, :3, :3] @ local[:, :, 3:])[..., 0] + frames[:, :3, 3]
    reach = (frames[:, :3, :3] @ local[:, :, :3]).abs().sum(2)
    return centre, reach, solids.label


@pytest.mark.parametrize("kind", [CITY, SUBURB, COUNTRY])
def test_nothing_low_stands_on_the_road(kind):
    for seed in range(6):
        centre, reach, _ = _places(kind, seed)
        low = (centre[:, 1] + reach[:, 1] > -2.4) & (centre[:, 2] < 100)
        edge = centre[:, 0].abs() - reach[:, 0]
        assert edge[low].min() > 3.9


def test_side_streets_are_free_of_buildings():
    for seed in range(6):
        centre, reach, label = _places(CITY, seed, junction=40.0)
        beside = (label == 2) & (centre[:, 0] > 0) & (centre[:, 0] - reach[:, 0] < 30)
        away = (centre[:, 2] - 40).abs() - reach[:, 2]
        assert away[beside].min() > 5.0


def test_cities_have_houses_and_the_country_has_green():
    shares = {}
    for kind in (CITY, SUBURB, COUNTRY):
        labels = torch.cat([_places(kind, seed)[2] for seed in range(4)])
        shares[kind] = float((labels == 2).sum()) / float((labels == 8).sum())
    assert shares[CITY] > 2 * shares[COUNTRY]
    assert shares[SUBURB] > shares[COUNTRY]
