"""Sun, sky and haze: how they are drawn by seed, and the light they send to a camera."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from offline.synthetic.draws import Colour, Draws
from offline.synthetic.noise import value_noise

_SUN, _ABOVE, _BELOW = slice(0, 3), slice(3, 6), slice(6, 9)
_HORIZON, _ZENITH, _TO_SUN = slice(9, 12), slice(12, 15), slice(15, 18)
_COVER, _CLOUD, _HAZE, _EXPOSURE, _SEED = 18, 19, 20, 21, 22
_PATTERN_SHIFT = 0.173  # of clouds, in cells for one unit of a seed


@dataclass(frozen=True)
class Light:
    """A world's light, radiances in units of which 1 on a white wall is bright.

    Attributes:
        sun: of the sun on a surface that faces it.
        above: of the sky on a surface that faces up.
        below: of the ground on a surface that faces down.
        horizon: colour of the sky there, and of the haze.
        zenith: colour of the sky there.
        to_sun: unit vector.
        cover: of clouds, 0 .. 1.
        cloud: brightness of clouds.
        haze: that a metre adds.
        exposure: of the camera.
        seed: shifts the clouds.
    """

    sun: Colour
    above: Colour
    below: Colour
    horizon: Colour
    zenith: Colour
    to_sun: Colour
    cover: float
    cloud: float
    haze: float
    exposure: float
    seed: float

    def row(self) -> Tensor:
        """Return the columns. # (23,) float32."""
        groups = (self.sun, self.above, self.below, self.horizon, self.zenith, self.to_sun)
        values = [value for group in groups for value in group]
        tail = [self.cover, self.cloud, self.haze, self.exposure, self.seed]
        return torch.tensor(values + tail)


def draw_light(draws: Draws) -> tuple[Light, bool]:
    """Return a light and whether the sun casts shadows."""
    azimuth = draws.uniform(0, 2 * math.pi)
    elevation = math.radians(draws.uniform(14, 62))
    flat = math.cos(elevation)
    to_sun = (flat * math.sin(azimuth), -math.sin(elevation), flat * math.cos(azimuth))
    if draws.chance(0.35):
        # Clouds light from above: what little shadow they leave lies below things.
        above = (0.12 * to_sun[0], -math.sqrt(1 - 0.0144 * flat * flat), 0.12 * to_sun[2])
        return _overcast(draws, above), draws.chance(0.6)
    return _sunny(draws, to_sun, elevation), True


def _sunny(draws: Draws, to_sun: Colour, elevation: float) -> Light:
    warm = max(0.0, 1 - elevation / math.radians(40))
    power = draws.uniform(1.3, 2.2)
    sun = (power, power * (0.95 - 0.2 * warm), power * (0.87 - 0.42 * warm))
    blue = draws.uniform(0.35, 0.6)
    above = (blue * 0.8, blue * 0.92, blue * 1.12)
    bounce = draws.uniform(0.25, 0.4)
    horizon = draws.tint((0.8 + 0.1 * warm, 0.86, 0.95 - 0.15 * warm), 0.15)
    zenith = draws.tint((0.2, 0.42, 0.86), 0.3, 0.15)
    return Light(
        sun,
        above,
        (bounce, bounce * 0.95, bounce * 0.88),
        horizon,
        zenith,
        to_sun,
        cover=draws.uniform(0.05, 0.7),
        cloud=draws.uniform(0.9, 1.3),
        haze=draws.uniform(0.0004, 0.0025),
        exposure=draws.uniform(0.5, 0.95),
        seed=draws.uniform(0, 1000),
    )


def _overcast(draws: Draws, to_sun: Colour) -> Light:
    power = draws.uniform(0.7, 1.1)
    grey = draws.tint((power, power, power * 1.03), 0.05, 0.03)
    red, green, blue = grey
    return Light(
        (0.45 * red, 0.45 * green, 0.45 * blue),
        (0.75 * red, 0.75 * green, 0.75 * blue),
        (0.4 * red, 0.39 * green, 0.37 * blue),
        horizon=draws.tint((0.8, 0.82, 0.84), 0.12, 0.03),
        zenith=draws.tint((0.6, 0.63, 0.68), 0.25, 0.05),
        to_sun=to_sun,
        cover=draws.uniform(0.5, 1.0),
        cloud=draws.uniform(0.6, 1.1),
        haze=draws.uniform(0.0008, 0.003),
        exposure=draws.uniform(0.55, 1.0),
        seed=draws.uniform(0, 1000),
    )


def sky(light: Tensor, ray: Tensor) -> Tensor:
    """Return the radiance of the sky.

    Args:
        light: rows. # (P or 1, 23)
        ray: directions, unit vectors in the world. # (P, 3)

    Returns:
        # (P, 3)
    """
    height = -ray[:, 1:2]
    rise = 1 - (1 - height.clamp(0, 1)) ** 4
    colour = torch.lerp(light[:, _HORIZON], light[:, _ZENITH], rise)
    plane = ray[:, 0::2] / (height.clamp(min=0) + 0.15)
    shift = light[:, _SEED : _SEED + 1] * _PATTERN_SHIFT
    noise = 0.6 * value_noise(plane * 1.1 + shift) + 0.35 * value_noise(plane * 2.7 - shift)
    noise += 0.2 * value_noise(plane * 7.3 + 2 * shift)
    cloud = (noise * 0.8 + 2.6 * light[:, _COVER] - 1.4).clamp_(0, 1)
    cloud = (cloud * (height[:, 0] * 6).clamp_(0, 1))[:, None]
    white = light[:, _CLOUD, None] * (1 - 0.12 * noise[:, None])
    colour = colour + cloud * (white - colour)
    glow = (ray * light[:, _TO_SUN]).sum(1, keepdim=True).clamp_(min=0) ** 48
    return colour + 0.5 * glow * light[:, _SUN]


def lit_radiance(light: Tensor, albedo: Tensor, normal: Tensor, lit: Tensor) -> Tensor:
    """Return the radiance of matt surfaces. # (P, 3).

    Args:
        light: rows. # (P or 1, 23)
        albedo: linear. # (P, 3)
        normal: in the world. # (P, 3)
        lit: 1 in the sun, 0 in shadow. # (P,)
    """
    facing = (normal * light[:, _TO_SUN]).sum(1).clamp_(min=0) * lit
    up = 0.5 - 0.5 * normal[:, 1:2]
    incoming = torch.lerp(light[:, _BELOW], light[:, _ABOVE], up)
    return albedo * incoming.addcmul(facing[:, None], light[:, _SUN])


def mirrored(light: Tensor, ray: Tensor, normal: Tensor, lit: Tensor) -> Tensor:
    """Return the radiance that smooth surfaces mirror to the camera: Fresnel times surroundings.

    The surroundings are a dark street below a sky that brightens upwards, and the sun.
    # (P, 3)
    """
    cosine = (ray * normal).sum(1, keepdim=True)
    away = ray - 2 * cosine * normal
    fresnel = 0.12 + 0.88 * (1 - cosine.abs().clamp_(max=1)) ** 4
    up = -away[:, 1:2]
    street = 0.35 * light[:, _BELOW]
    around = torch.lerp(street, light[:, _HORIZON], (up * 3 + 0.2).clamp_(0, 1))
    around = torch.lerp(around, light[:, _ZENITH], (up * 1.2 - 0.2).clamp_(0, 1))
    spot = (away * light[:, _TO_SUN]).sum(1).clamp_(min=0) ** 90 * lit
    return fresnel * around.addcmul(3 * spot[:, None], light[:, _SUN])


def seen_through_haze(light: Tensor, radiance: Tensor, distance: Tensor) -> Tensor:
    """Return the radiance that arrives from ``distance`` metres. # (P, 3)."""
    clear = torch.exp(-light[:, _HAZE] * distance)[:, None]
    return torch.lerp(light[:, _HORIZON].expand_as(radiance), radiance, clear)


def developed(light: Tensor, radiance: Tensor) -> Tensor:
    """Return display values 0 .. 1 of radiances: a short shoulder and a gamma of 2. # (P, 3)."""
    exposed = radiance * light[:, _EXPOSURE : _EXPOSURE + 1]
    # The square of x / (1 + x^4)^(1/4), then its fourth root.
    square = exposed * exposed
    return square.div_((1 + square * square).sqrt_()).sqrt_().sqrt_()
