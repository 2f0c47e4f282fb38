from __future__ import annotations

import pytest
import torch

from offline.synthetic.noise import fade, fractal, pulse, step, value_noise


def _line(count: int, spacing: float) -> torch.Tensor:
    return torch.stack([torch.arange(count) * spacing, torch.full((count,), 3.3)], 1)


def _fractal(place: torch.Tensor, footprint: float, finest: float = 0.001) -> torch.Tensor:
    count = len(place)
    return fractal(
        place,
        torch.full((count,), footprint),
        torch.full((count,), 1.0),
        torch.full((count,), finest),
    )


def test_noise_has_mean_zero_and_variance_one():
    place = torch.rand(20000, 2, generator=torch.Generator().manual_seed(0)) * 100
    noise = value_noise(place)
    assert noise.mean().item() == pytest.approx(0, abs=0.05)
    assert noise.std().item() == pytest.approx(1, abs=0.05)


def test_noise_is_the_same_at_the_same_place_and_smooth_around_it():
    place = _line(500, 0.01)
    noise = value_noise(place)
    assert torch.equal(noise, value_noise(place))
    assert (noise[1:] - noise[:-1]).abs().max() < 0.12


def test_octaves_fade_out_at_cells_of_one_pixel():
    cells = torch.tensor([0.5, 1.0, 1.5, 2.0, 4.0])
    assert fade(cells, torch.ones(5)).tolist() == [0, 0, 0.5, 1, 1]


def test_no_pattern_is_finer_than_two_pixels():
    footprint = 0.05
    noise = _fractal(_line(4096, footprint / 8), footprint)
    power = torch.fft.rfft(noise - noise.mean()).abs().square()
    nyquist = len(power) // 8  # eight samples a pixel: half a cycle a pixel is a 1/8 of the band
    assert power[nyquist:].sum() < 0.02 * power.sum()


def test_a_closer_look_shows_more():
    near, far = (_fractal(_line(4096, 0.005), footprint) for footprint in (0.01, 0.2))
    rough = [(noise[1:] - noise[:-1]).abs().mean() for noise in (near, far)]
    assert rough[0] > 4 * rough[1]


def test_nothing_is_left_where_a_pixel_covers_all():
    assert _fractal(_line(64, 0.3), footprint=5.0).abs().max() == 0


def test_nothing_is_finer_than_its_finest_cells():
    noise = _fractal(_line(4096, 0.005), 0.0001, finest=0.5)
    assert (noise[1:] - noise[:-1]).abs().max() < 0.15


def test_detail_changes_steadily_with_distance():
    place = _line(256, 0.037)
    sizes = torch.linspace(0.01, 0.3, 400).tolist()
    shown = torch.stack([_fractal(place, size) for size in sizes])
    assert (shown[1:] - shown[:-1]).abs().max() < 0.35


@pytest.mark.parametrize(
    ("place", "width", "expected"),
    [(0.2, 1e-3, 1.0), (0.8, 1e-3, 0.0), (0.25, 0.2, 1.0), (0.5, 0.2, 0.5), (0.3, 50.0, 0.5)],
)
def test_pulses_are_averaged_over_a_pixel(place, width, expected):
    value = pulse(torch.tensor([place]), 1.0, 0.5, torch.tensor([width]))
    assert value.item() == pytest.approx(expected, abs=0.01)


def test_steps_are_a_pixel_wide():
    inside = torch.tensor([-1.0, -0.05, 0.0, 0.05, 1.0])
    torch.testing.assert_close(
        step(inside, torch.full((5,), 0.2)), torch.tensor([0, 0.25, 0.5, 0.75, 1])
    )
