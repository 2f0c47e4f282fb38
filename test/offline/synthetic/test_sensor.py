from __future__ import annotations

import dataclasses
import math

import pytest
import torch

from offline.synthetic.sensor import (
    IDEAL,
    SensorSettings,
    blur_kernel,
    blurred,
    draw_sensors,
    photographed,
    transmission,
)

SEEDS = (3, 900_000)


def flat(value: float = 0.5, count: int = 1, side: int = 32) -> torch.Tensor:
    return torch.full((count, 3, side, side), value)


def taken(settings: SensorSettings, light: torch.Tensor, number: int = 0) -> torch.Tensor:
    sensors = draw_sensors([SEEDS[0]] * len(light), settings)
    return photographed(light, sensors, torch.full((len(light),), number))


def test_an_ideal_sensor_gives_what_is_rendered_in_8_bits():
    assert (taken(IDEAL, flat(0.2)) == 51 / 255).all()
    assert (taken(IDEAL, flat(0.31)) == 79 / 255).all()  # 79.05


def test_gamma_is_that_of_light():
    pixels = taken(dataclasses.replace(IDEAL, gamma=(2.4, 2.4)), flat(0.5))
    assert (pixels == round(255 * 0.25 ** (1 / 2.4)) / 255).all()


def test_pixels_are_multiples_of_a_255th_in_0_to_1():
    light = torch.rand(2, 3, 40, 40, generator=torch.Generator().manual_seed(0))
    pixels = taken(SensorSettings(), light)
    assert 0 <= pixels.min() <= pixels.max() <= 1
    assert torch.allclose(pixels * 255, (pixels * 255).round(), atol=1e-4)
    assert pixels.dtype == torch.float32


def test_a_stop_doubles_the_light():
    settings = dataclasses.replace(IDEAL, exposure_stops=(1, 1), gamma=(1, 1))
    assert (taken(settings, flat(0.5)) == round(0.5 * 255) / 255).all()  # light of 1/4


def test_white_balance_moves_red_and_blue_apart():
    sensors = draw_sensors(range(200), dataclasses.replace(IDEAL, white_balance=(0.1, 0.1)))
    red, green, blue = sensors.gain.T
    assert (green == 1).all()
    torch.testing.assert_close(red + blue, torch.full((200,), 2.0))
    assert 0.05 < (red - 1).abs().mean() < 0.1
    assert (red - 1).abs().max() <= 0.1


def test_corners_lose_the_share_that_vignetting_says():
    share = transmission(torch.tensor([0.3]), 5, 9)[0]
    assert share[2, 4].item() == 1
    assert share[0, 0].item() == pytest.approx(0.7)
    assert share[2, 0].item() == pytest.approx(0.85)  # halfway, by the square of the radius


def test_shot_noise_is_the_root_of_the_electrons_and_read_noise_adds_to_it():
    settings = dataclasses.replace(
        IDEAL, gamma=(1, 1), full_well_electrons=(1000, 1000), read_noise=(0.01, 0.01)
    )
    pixels = taken(settings, flat(0.5**0.5, side=200))  # light of 1/2
    # sqrt(0.5 * 1000) / 1000 = 0.02236; with 0.01: sqrt(0.0005 + 0.0001), and 8 bits' rounding.
    expected = (0.0006 + (1 / 255) ** 2 / 12) ** 0.5
    assert pixels.std().item() == pytest.approx(expected, rel=0.02)
    assert pixels.mean().item() == pytest.approx(0.5, abs=1e-3)


def test_noise_differs_from_image_to_image_and_follows_from_the_seed():
    settings = dataclasses.replace(IDEAL, read_noise=(0.02, 0.02))
    first, again, other = (taken(settings, flat(), number) for number in (0, 0, 1))
    assert torch.equal(first, again)
    difference = (first != other).float().mean()
    assert difference > 0.7


def test_all_but_noise_is_the_same_in_every_image_of_a_world():
    noiseless = dataclasses.replace(
        SensorSettings(), full_well_electrons=(math.inf, math.inf), read_noise=(0, 0)
    )
    light = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    assert torch.equal(taken(noiseless, light, 0), taken(noiseless, light, 5))


def test_a_sensor_does_not_depend_on_those_beside_it():
    settings = SensorSettings()
    together, alone = draw_sensors(SEEDS, settings), draw_sensors(SEEDS[1:], settings)
    for field in dataclasses.fields(together):
        if field.name != "subsample":
            assert torch.equal(getattr(together, field.name)[1:], getattr(alone, field.name))


def test_values_are_drawn_from_their_ranges():
    sensors = draw_sensors(range(500), SensorSettings())
    assert 1.8 <= sensors.gamma.min() < 1.85
    assert 2.25 < sensors.gamma.max() <= 2.3
    packed = sensors.quality > 0
    assert packed.float().mean().item() == pytest.approx(0.6, abs=0.08)
    assert sensors.quality[packed].min() >= 70


def test_a_sharp_kernel_is_one_pixel_and_a_way_is_as_long_as_told():
    zero = torch.zeros(1)
    sharp = blur_kernel(zero, zero, zero)
    assert sharp[0, 3, 3].item() == 1
    along = blur_kernel(zero, torch.tensor([4.0]), zero)[0]
    assert along[3].sum().item() == pytest.approx(1, abs=1e-4)  # along x alone
    assert along[3, 2:5].tolist() == pytest.approx([0.25] * 3, abs=0.06)
    assert along[3, 0] < 1e-6


def test_kernels_move_nothing():
    kernel = blur_kernel(torch.tensor([0.7]), torch.tensor([3.0]), torch.tensor([0.6]))
    torch.testing.assert_close(kernel, kernel.flip(1, 2))
    assert kernel.sum().item() == pytest.approx(1)


def test_blur_keeps_flat_images_and_has_the_gaussians_width():
    kernel = blur_kernel(torch.tensor([0.8]), torch.zeros(1), torch.zeros(1))
    torch.testing.assert_close(blurred(flat(0.3), kernel), flat(0.3))
    point = torch.zeros(1, 3, 17, 17)
    point[..., 8, 8] = 1
    spread = blurred(point, kernel)[0, 0]
    x = torch.arange(17.0) - 8
    variance = (spread.sum(0) * x**2).sum().item()
    assert variance == pytest.approx(0.64, abs=0.02)  # its tails are cut off


def test_repeated_sensors_follow_each_other():
    sensors = draw_sensors(SEEDS, SensorSettings()).repeated(3)
    assert sensors.seed.tolist() == [sensors.seed[0]] * 3 + [sensors.seed[3]] * 3
    assert sensors.kernel.shape == (6, 7, 7)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"gamma": (2.4, 2.0)}, r"gamma must be a range within 1 \.\.\. 3, got 2.4 \.\.\. 2.0"),
        ({"vignetting": (0.0, 0.9)}, "vignetting must be a range within"),
        ({"compressed_share": 1.5}, "must be 0 ... 1, got 1.5"),
    ],
)
def test_ranges_that_make_no_sense_are_refused(change, told):
    with pytest.raises(ValueError, match=told):
        SensorSettings(**change)
