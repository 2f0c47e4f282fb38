"""From a rendered world to a camera's 8-bit pixels: lens, exposure, noise, file.

What is rendered counts as light to the power of 1/2, as ``lighting`` shows it.

What a sensor is like follows from the world's seed; it is the same for both cameras and at every
time. Noise alone differs from image to image.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional

from offline.synthetic.compression import compressed
from offline.synthetic.hashing import mixed, normal, uniform

Range = tuple[float, float]

_RADIUS = 3  # of the blur's kernel, px
_LEAST_WEIGHT = 0.003  # of a kernel's largest
_RENDERED_GAMMA = 2
_TABLE = 2**20  # deviates that rows of noise are cut out of: hashing each pixel takes longer
# Least and largest value that each range may have.
_BOUNDS: dict[str, Range] = {
    "exposure_stops": (-4, 4),
    "white_balance": (0, 0.5),
    "gamma": (1, 3),
    "vignetting": (0, 0.8),
    "full_well_electrons": (100, math.inf),
    "read_noise": (0, 0.1),
    "defocus_px": (0, 2),
    "motion_blur_px": (0, 2 * _RADIUS),
    "jpeg_quality": (1, 100),
}


@dataclass(frozen=True)
class SensorSettings:
    """Ranges that sensors are drawn from, uniformly.

    Attributes:
        exposure_stops: brightness, in factors of two.
        white_balance: largest relative error of the red and blue gains.
        gamma: exponent by which light becomes pixel values, ``light ** (1 / gamma)``.
        vignetting: share of light that is missing in the corners.
        full_well_electrons: of a white pixel; shot noise is their square root.
        read_noise: standard deviation in the dark, as a share of white.
        defocus_px: standard deviation of the lens' blur.
        motion_blur_px: length of the way that the camera shakes while the shutter is open.
        jpeg_quality: as libjpeg counts it.
        compressed_share: of sensors whose images are compressed.
        subsample_chroma: whether compression keeps colour at half the resolution.

    Raises:
        ValueError: naming the range that is out of bounds or not in order.
    """

    exposure_stops: Range = (-0.6, 0.4)
    white_balance: Range = (0.0, 0.08)
    gamma: Range = (1.8, 2.3)
    vignetting: Range = (0.0, 0.25)
    full_well_electrons: Range = (3000.0, 30000.0)
    read_noise: Range = (0.0005, 0.004)
    defocus_px: Range = (0.0, 0.7)
    motion_blur_px: Range = (0.0, 1.5)
    jpeg_quality: Range = (70.0, 98.0)
    compressed_share: float = 0.6
    subsample_chroma: bool = True

    def __post_init__(self) -> None:
        for name, (least, most) in _BOUNDS.items():
            low, high = getattr(self, name)
            if not (least <= low <= high <= most):
                raise ValueError(
                    f"sensor's {name} must be a range within {least} ... {most}, got {low} ... "
                    f"{high}; give the smaller number first"
                )
        if not 0 <= self.compressed_share <= 1:
            raise ValueError(
                f"sensor's compressed_share must be 0 ... 1, got {self.compressed_share}"
            )


# A sensor without faults: it gives what is rendered, rounded to 8 bits.
IDEAL = SensorSettings(
    exposure_stops=(0, 0),
    white_balance=(0, 0),
    gamma=(2, 2),
    vignetting=(0, 0),
    full_well_electrons=(math.inf, math.inf),
    read_noise=(0, 0),
    defocus_px=(0, 0),
    motion_blur_px=(0, 0),
    compressed_share=0,
)


@dataclass(frozen=True, eq=False)
class Sensors:
    """Sensors drawn from settings, one row each.

    Attributes:
        seed: that a sensor's noise follows from. # (B,) int64
        gain: of red, green and blue: exposure times white balance. # (B, 3)
        gamma: # (B,)
        vignetting: share of light missing in the corners. # (B,)
        full_well: electrons. # (B,)
        read_noise: share of white. # (B,)
        kernel: the blur, sums to 1, symmetric about its centre. # (B, 7, 7)
        quality: of compression; 0 for none. # (B,)
        subsample: as ``SensorSettings.subsample_chroma``.
    """

    seed: Tensor
    gain: Tensor
    gamma: Tensor
    vignetting: Tensor
    full_well: Tensor
    read_noise: Tensor
    kernel: Tensor
    quality: Tensor
    subsample: bool

    def repeated(self, times: int) -> Sensors:
        """Return every sensor ``times`` times, one after the other."""
        rows = {
            field.name: getattr(self, field.name).repeat_interleave(times, 0)
            for field in dataclasses.fields(self)
            if field.name != "subsample"
        }
        return dataclasses.replace(self, **rows)


def draw_sensors(
    seeds: Sequence[int], settings: SensorSettings, device: torch.device | str = "cpu"
) -> Sensors:
    """Return the sensors of worlds of these seeds."""
    seed = mixed(torch.tensor(seeds, dtype=torch.int64, device=device) ^ 0x5E0507)
    drawn = {name: _drawn(seed, place, settings, name) for place, name in enumerate(_BOUNDS)}
    blue, angle, packed = (uniform(seed + place) for place in (100, 101, 102))
    tint = drawn["white_balance"] * (2 * blue - 1)
    exposure = 2 ** drawn["exposure_stops"]
    gain = torch.stack([exposure * (1 - tint), exposure, exposure * (1 + tint)], dim=1)
    return Sensors(
        seed=seed,
        gain=gain,
        gamma=drawn["gamma"],
        vignetting=drawn["vignetting"],
        full_well=drawn["full_well_electrons"],
        read_noise=drawn["read_noise"],
        kernel=blur_kernel(drawn["defocus_px"], drawn["motion_blur_px"], math.pi * angle),
        quality=drawn["jpeg_quality"] * (packed < settings.compressed_share),
        subsample=settings.subsample_chroma,
    )


def photographed(images: Tensor, sensors: Sensors, number: Tensor) -> Tensor:
    """Return what the sensors make of rendered images.

    Args:
        images: RGB 0..1. # (B, 3, H, W)
        sensors: one of each image.
        number: of each image in its world: images of other numbers have other noise. # (B,)

    Returns:
        RGB 0..1 in steps of 1/255, float32. # (B, 3, H, W)
    """
    light = blurred(images.float() ** _RENDERED_GAMMA, sensors.kernel)
    light = light * sensors.gain[:, :, None, None]
    light = light * transmission(sensors.vignetting, light.shape[2], light.shape[3])[:, None]
    light = (light + _noise(light, sensors, number)).clamp(0, 1)
    pixels = _eight_bits(light ** (1 / sensors.gamma)[:, None, None, None])
    packed = sensors.quality > 0
    if packed.any():
        quality = sensors.quality[packed]
        pixels[packed] = _eight_bits(
            compressed(pixels[packed], quality, subsample=sensors.subsample)
        )
    return pixels


def blurred(light: Tensor, kernel: Tensor) -> Tensor:
    """Return images under their blur; borders are repeated. # (B, 3, H, W), (B, 7, 7).

    The sum is taken tap by tap: so an image is the same whatever is beside it in the batch.
    """
    height, width = light.shape[2:]
    padded = functional.pad(light, (_RADIUS,) * 4, mode="replicate")
    result = torch.zeros_like(light)
    for y, x in kernel.amax(0).nonzero().tolist():
        weight = kernel[:, y, x, None, None, None]
        result.addcmul_(padded[:, :, y : y + height, x : x + width], weight)
    return result


def blur_kernel(defocus_px: Tensor, motion_px: Tensor, angle: Tensor) -> Tensor:
    """Return the sum-to-one blur of a Gaussian drawn along a straight way. # (B,) -> (B, 7, 7).

    It is symmetric about its centre, so nothing is moved.

    Args:
        defocus_px: the Gaussian's standard deviation.
        motion_px: the way's length.
        angle: of the way, from x to y, rad.
    """
    places = torch.arange(-_RADIUS, _RADIUS + 1, device=angle.device).float()
    y, x = torch.meshgrid(places, places, indexing="ij")
    # Never quite zero, so that it can be divided by; all of it falls on one pixel then.
    variance = defocus_px.clamp(min=0.15)[:, None, None, None] ** 2
    along = (torch.linspace(-0.5, 0.5, 17, device=angle.device) * motion_px[:, None])[..., None]
    shift_x, shift_y = along * angle.cos()[:, None, None], along * angle.sin()[:, None, None]
    distance = (x - shift_x[..., None]) ** 2 + (y - shift_y[..., None]) ** 2
    kernel = torch.exp(-distance / (2 * variance)).sum(dim=1)
    # What is below a pixel's rounding costs time and shows nothing.
    kernel = kernel * (kernel > _LEAST_WEIGHT * kernel.amax((1, 2), keepdim=True))
    return kernel / kernel.sum(dim=(1, 2), keepdim=True)


def transmission(vignetting: Tensor, height: int, width: int) -> Tensor:
    """Return the share of light that arrives, 1 in the middle. # (B,) -> (B, H, W)."""
    y = torch.linspace(-1, 1, height, device=vignetting.device)
    x = torch.linspace(-1, 1, width, device=vignetting.device)
    squared = (y[:, None] ** 2 + x**2) / 2  # 1 in the corners
    return 1 - vignetting[:, None, None] * squared


def _noise(light: Tensor, sensors: Sensors, number: Tensor) -> Tensor:
    batch, channels, height, width = light.shape
    image = mixed(sensors.seed + mixed(number + 1000))
    rows = torch.arange(channels * height, device=light.device)
    start = mixed(image[:, None] + rows) % _TABLE
    columns = torch.arange(width, device=light.device)
    deviates = _deviates(width, str(light.device))[start[..., None] + columns]
    read, well = (values[:, None, None, None] for values in (sensors.read_noise, sensors.full_well))
    spread = (light / well).add_(read**2).sqrt_()
    return spread.mul_(deviates.view(batch, channels, height, width))


@lru_cache(maxsize=4)
def _deviates(width: int, device: str) -> Tensor:
    return normal(torch.arange(_TABLE + width, device=device))


def _drawn(seed: Tensor, place: int, settings: SensorSettings, name: str) -> Tensor:
    low, high = getattr(settings, name)
    if low == high:  # also where both are infinite
        return torch.full_like(seed, low, dtype=torch.float32)
    values: Tensor = low + (high - low) * uniform(seed + place)
    return values


def _eight_bits(pixels: Tensor) -> Tensor:
    return (pixels * 255).round() / 255
