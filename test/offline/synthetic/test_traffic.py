from __future__ import annotations

import pytest
import torch

from offline.synthetic.assembly import Assembly
from offline.synthetic.frontage import Site
from offline.synthetic.occupancy import Occupancy
from offline.synthetic.street import CITY, Side, Street
from offline.synthetic.traffic import fill_traffic
from offline.synthetic.world import Bodies, Rig, Solids

CLOCK = (0.0, 0.1, 0.2)


def _filled(seed: int) -> tuple[Bodies, Solids]:
    side = Side(lanes=1, kerb=5.8, parking=2.3, verge=0.0, pavement=3.0, paved=True)
    street = Street(CITY, 1e6, 3.2, side, side, 30.0, 5.0, 0, 21.0)
    site = Site(Assembly(seed, CLOCK), street, Occupancy(), 100.0)
    site.occupancy.claim([(1.6, 10 * time, 0) for time in CLOCK], 12, 2.4)
    fill_traffic(site, seed, 10.0)
    intrinsics = torch.tensor([[300.0, 0, 320], [0, 300, 96], [0, 0, 1]]).double()
    rig = Rig(intrinsics, 0.5, torch.eye(4).double().repeat(3, 1, 1))
    bodies, solids, _ = site.assembly.finished(rig, (192, 640), 5000)
    return bodies, solids


@pytest.fixture(scope="module")
def streets() -> list[tuple[Bodies, Solids]]:
    return [_filled(seed) for seed in range(12)]


def _first_labels(bodies: Bodies, solids: Solids) -> torch.Tensor:
    labels = torch.zeros(len(bodies.moving), dtype=torch.long)
    labels[solids.body] = solids.label.long()
    return labels


def test_there_is_oncoming_crossing_and_leading_traffic_and_some_stand(streets):
    ways = []
    for bodies, solids in streets:
        cars = _first_labels(bodies, solids) >= 13
        ways.append((bodies.world_from_body[2] - bodies.world_from_body[0])[cars, :3, 3])
    way = torch.cat(ways)
    assert (way[:, 2] < -0.5).sum() > 8
    assert (way[:, 2] > 0.5).sum() > 5
    assert ((way[:, 0].abs() > 0.4) & (way[:, 2].abs() < 0.5)).sum() > 4
    assert (way == 0).all(1).sum() > 50


def test_what_drives_faces_the_way_it_goes(streets):
    for bodies, solids in streets:
        cars = (_first_labels(bodies, solids) >= 13) & bodies.moving
        way = (bodies.world_from_body[2] - bodies.world_from_body[0])[cars, :3, 3]
        forward = bodies.world_from_body[1, cars, :3, 2]
        cosine = (way * forward).sum(1) / way.norm(dim=1)
        assert (cosine > 0.9).all()


def test_those_ahead_in_our_lane_never_touch_us(streets):
    for bodies, solids in streets:
        things = _first_labels(bodies, solids) >= 11
        place = bodies.world_from_body[:, things, :3, 3]
        ours = torch.tensor(CLOCK).double() * 10
        near = (place[..., 0] - 1.6).abs() < 1.0
        ahead = (place[..., 2] - ours[:, None]).abs() > 5
        assert (ahead | ~near).all()


def test_parked_cars_stand_in_their_strip(streets):
    for bodies, solids in streets:
        parked = (_first_labels(bodies, solids) == 13) & ~bodies.moving
        across = bodies.world_from_body[0, parked, 0, 3].abs()
        strip = (across > 4.3) & (across < 5.2)
        assert strip.float().mean() > 0.5
