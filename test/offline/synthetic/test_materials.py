from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from offline.synthetic.lighting import Light, developed
from offline.synthetic.materials import shade
from offline.synthetic.palette import FOLIAGE, PLAIN, STRIPES, Material
from offline.synthetic.world import Hits

LIGHT = Light(
    sun=(1.0, 1.0, 1.0),
    above=(0.4, 0.4, 0.4),
    below=(0.2, 0.2, 0.2),
    horizon=(0.8, 0.8, 0.8),
    zenith=(0.5, 0.5, 0.5),
    to_sun=(0.0, -1.0, 0.0),
    cover=0.0,
    cloud=1.0,
    haze=0.0,
    exposure=0.6,
    seed=0.0,
)
MATERIALS = (
    Material(PLAIN, (0.5, 0.4, 0.3), contrast=0.0),
    Material(STRIPES, (0.5,) * 3, (0.1,) * 3, contrast=0.0, measures=(2.0, 0.5)),
    Material(FOLIAGE, (0.1, 0.2, 0.05), (0.02, 0.04, 0.01), contrast=1.0),
)


@pytest.fixture
def world(make_small_world):
    row = torch.tensor([material.row(3.0) for material in MATERIALS])
    return replace(make_small_world(), light=LIGHT.row(), materials=row, ground=None)


def _hits(material: list[int], height: list[float], *, solid: int = 0, world: int = 0) -> Hits:
    """Return pixels on a wall that faces the camera, 10 m away."""
    count = len(material)
    zero, one = torch.zeros(count), torch.ones(count)
    ahead = torch.stack([zero, zero, one], 1)
    return Hits(
        world=torch.full((count,), world),
        solid=torch.full((count,), solid),
        material=torch.tensor(material),
        local=torch.stack([zero, torch.tensor(height), zero], 1),
        normal=-ahead,
        body_normal=-ahead,
        ray=ahead,
        distance_m=10 * one,
        footprint_m=0.01 * one,
        lit=one,
    )


def _expected(world, radiance: list[float]) -> torch.Tensor:
    return developed(world.light[None], torch.tensor([radiance]))[0]


def test_a_plain_wall_has_its_colour_in_the_light_from_above_and_below(world):
    shown = shade(_hits([0], [0.0]), [world])
    torch.testing.assert_close(shown[0], _expected(world, [0.5 * 0.3, 0.4 * 0.3, 0.3 * 0.3]))


def test_the_sun_adds_to_what_faces_it_and_shadow_takes_it_away(world):
    up = torch.tensor([[0.0, -1.0, 0.0]]).expand(2, 3)
    hits = replace(_hits([0, 0], [0.0, 0.0]), normal=up, body_normal=up)
    shown = shade(replace(hits, lit=torch.tensor([1.0, 0.0])), [world])
    torch.testing.assert_close(shown[0], _expected(world, [0.5 * 1.4, 0.4 * 1.4, 0.3 * 1.4]))
    torch.testing.assert_close(shown[1], _expected(world, [0.5 * 0.4, 0.4 * 0.4, 0.3 * 0.4]))


def test_stripes_run_down_the_wall(world):
    shown = shade(_hits([1, 1, 1], [0.5, 1.5, 2.5]), [world])
    torch.testing.assert_close(shown[0], _expected(world, [0.03] * 3))
    torch.testing.assert_close(shown[1], _expected(world, [0.15] * 3))
    torch.testing.assert_close(shown[0], shown[2])


def test_patterns_stay_on_what_moves(world):
    hits = _hits([2] * 50, torch.linspace(0, 2, 50).tolist())
    moved = replace(hits, distance_m=hits.distance_m + 3)
    assert torch.equal(shade(hits, [world]), shade(moved, [world]))
    assert shade(hits, [world]).std(0).min() > 0.01


def test_materials_and_lights_are_those_of_each_pixels_world(world):
    dark = replace(world, light=replace(LIGHT, exposure=0.06).row())
    near, far = _hits([0], [0.0]), _hits([3], [0.0], world=1)
    both = Hits(*(torch.cat([a, b]) for a, b in zip(vars(near).values(), vars(far).values())))  # noqa: B905
    shown = shade(both, [world, dark])
    torch.testing.assert_close(shown[0], shade(near, [world])[0])
    torch.testing.assert_close(shown[1], shade(near, [dark])[0])


def test_the_sky_is_brighter_at_the_horizon_and_needs_no_material(world):
    shown = shade(_hits([0], [0.0], solid=-2), [world])
    torch.testing.assert_close(shown[0], _expected(world, [0.8] * 3))
