from __future__ import annotations

import pytest
import torch

from offline.synthetic.draws import Draws
from offline.synthetic.lighting import (
    Light,
    developed,
    draw_light,
    lit_radiance,
    mirrored,
    seen_through_haze,
    sky,
)


@pytest.fixture
def light() -> torch.Tensor:
    return Light(
        sun=(2.0, 1.5, 1.0),
        above=(0.5, 0.5, 0.5),
        below=(0.1, 0.1, 0.1),
        horizon=(0.8, 0.8, 0.8),
        zenith=(0.2, 0.4, 0.8),
        to_sun=(0.0, -0.6, 0.8),
        cover=0.0,
        cloud=1.0,
        haze=0.01,
        exposure=0.5,
        seed=0.0,
    ).row()[None]


def test_a_lawn_in_the_sun_and_in_the_shadow(light):
    up = torch.tensor([[0.0, -1.0, 0.0]]).expand(2, 3)
    albedo = torch.full((2, 3), 0.5)
    shown = lit_radiance(light, albedo, up, torch.tensor([1.0, 0.0]))
    expected = [[0.5 * (0.5 + 0.6 * 2), 0.5 * (0.5 + 0.6 * 1.5), 0.5 * (0.5 + 0.6)], [0.25] * 3]
    torch.testing.assert_close(shown, torch.tensor(expected))


def test_what_faces_away_from_the_sun_has_only_the_sky_and_the_ground(light):
    away = torch.tensor([[0.0, 0.0, -1.0]])
    shown = lit_radiance(light, torch.ones(1, 3), away, torch.ones(1))
    torch.testing.assert_close(shown, torch.full((1, 3), 0.3))


def test_haze_takes_over_with_distance(light):
    shown = seen_through_haze(light, torch.zeros(3, 3), torch.tensor([0.0, 100.0, 1e5]))
    clear = torch.tensor([0.0, 1 - torch.exp(torch.tensor(-1.0)).item(), 1.0])
    torch.testing.assert_close(shown, 0.8 * clear[:, None].expand(3, 3))


def test_a_clear_sky_goes_from_the_horizon_to_the_zenith(light):
    rays = torch.tensor([[-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
    shown = sky(light, rays)
    torch.testing.assert_close(shown[0], torch.full((3,), 0.8))
    torch.testing.assert_close(shown[1], torch.tensor([0.2, 0.4, 0.8]), atol=0.02, rtol=0)


def test_glass_mirrors_more_at_a_glancing_angle(light):
    normal = torch.tensor([[0.0, 0.0, -1.0]]).expand(2, 3)
    rays = torch.tensor([[0.0, 0.0, 1.0], [0.0, -0.995, 0.0999]])
    shown = mirrored(light, rays, normal, torch.zeros(2)).sum(1)
    assert shown[1] > 4 * shown[0]


def test_the_film_is_linear_in_the_dark_and_ends_at_white(light):
    radiance = torch.tensor([[0.0, 0.02, 0.2], [1.0, 10.0, 1e6]])
    shown = developed(light, radiance)
    # Exposed by 0.5: the roots of 0.01 and 0.1, and of x / (1 + x^4)^(1/4) at 0.5.
    torch.testing.assert_close(shown[0], torch.tensor([0.0, 0.1, 0.1**0.5]), atol=1e-4, rtol=0)
    assert shown[1, 0].item() == pytest.approx((0.5 / 1.0625**0.25) ** 0.5, abs=1e-5)
    assert 0.999 < shown[1, 1].item() <= shown[1, 2].item() <= 1


def test_most_seeds_have_sun_some_have_none_and_none_is_dark():
    lights = [draw_light(Draws(seed, "light")) for seed in range(100)]
    assert 60 < sum(shadows for _, shadows in lights) < 95
    for light, _ in lights:
        assert sum(value * value for value in light.to_sun) == pytest.approx(1)
        assert light.to_sun[1] < -0.2
        assert min(light.above) > 0.2
