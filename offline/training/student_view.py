"""What a student sees of its teacher's images: a crop, and noise where matches were.

A flow that the teacher finds in the whole, clean image is hidden from the student by the border of
its crop (DDFlow, Liu et al., AAAI 2019) or by noise on superpixels (SelFlow, Liu et al., CVPR
2019), and is still what the student has to say.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

_COLOUR_WEIGHT = 2.0  # of a colour's difference of 1 against the distance of two seeds


@dataclass(frozen=True)
class Window:
    """A crop, the same size for the whole batch.

    Attributes:
        tops: first row of each sample, px.
        lefts: first column of each sample, px.
        height: px.
        width: px.
    """

    tops: tuple[int, ...]
    lefts: tuple[int, ...]
    height: int
    width: int

    def crop(self, images: Tensor) -> Tensor:
        """Return each sample's window. # (B, C, H, W) -> (B, C, height, width)."""
        places = zip(images, self.tops, self.lefts, strict=True)
        return torch.stack(
            [image[:, y : y + self.height, x : x + self.width] for image, y, x in places]
        )


def sample_generator(name: str, step: int, seed: int) -> torch.Generator:
    """Return randomness that depends on the sample, the step and the seed alone.

    So it is the same whichever process has the sample, and after a resume.
    """
    return torch.Generator().manual_seed(zlib.crc32(f"{name} {step} {seed}".encode()))


def random_window(
    generators: Sequence[torch.Generator], size: tuple[int, int], margin: tuple[int, int]
) -> Window:
    """Return windows at random places.

    Args:
        generators: of each sample.
        size: height and width of the images, px.
        margin: rows and columns that a window is smaller by, px.

    Raises:
        ValueError: for a margin that is negative or leaves nothing.
    """
    if not all(0 <= less < whole for less, whole in zip(margin, size, strict=True)):
        raise ValueError(f"margin must be in 0..size of the image {size} px, got {margin}")
    tops, lefts = (
        tuple(int(torch.randint(less + 1, (), generator=g)) for g in generators) for less in margin
    )
    return Window(tops, lefts, size[0] - margin[0], size[1] - margin[1])


def hide_superpixels(
    images: Tensor, generators: Sequence[torch.Generator], *, pixels: int, hidden: int
) -> Tensor:
    """Return images with noise on some superpixels.

    Superpixels are those of the first step of SLIC (Achanta et al., 2012): each pixel goes to the
    nearest of random seeds, in position and colour.

    Args:
        images: RGB in 0..1. # (B, 3, H, W)
        generators: of each sample.
        pixels: of an average superpixel, > 0.
        hidden: number of superpixels that are hidden, >= 0; all where there are fewer.
    """
    pairs = zip(images, generators, strict=True)
    return torch.stack([_hide(image, generator, pixels, hidden) for image, generator in pairs])


def _hide(image: Tensor, generator: torch.Generator, pixels: int, hidden: int) -> Tensor:
    height, width = image.shape[1:]
    count = max(1, height * width // pixels)
    seeds = torch.randperm(height * width, generator=generator)[:count].to(image.device)
    nearest = _superpixels(image, seeds, pixels)
    # Seeds are in random order: the first ones are as good a choice as any.
    noise = torch.rand(image.shape, generator=generator).to(image)
    return torch.where(nearest < hidden, noise, image)


def _superpixels(image: Tensor, seeds: Tensor, pixels: int) -> Tensor:
    """Return the number of the seed that each pixel belongs to. # (3, H, W) -> (H, W)."""
    height, width = image.shape[1:]
    index = torch.arange(height * width, device=image.device)
    place = torch.stack([index // width, index % width]) / pixels**0.5
    features = torch.cat([place.to(image.dtype), _COLOUR_WEIGHT * image.flatten(1)]).T
    return torch.cdist(features, features[seeds]).argmin(1).view(height, width)
