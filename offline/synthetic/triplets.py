"""Stereo triplets by seed: a world each, rendered, and photographed by a sensor of its own."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import torch
from torch import Tensor

from offline.synthetic.make import make_world
from offline.synthetic.render import render
from offline.synthetic.sensor import Sensors, SensorSettings, draw_sensors, photographed
from offline.synthetic.settings import WorldSettings
from offline.synthetic.world import Triplets


def make_triplets(
    seeds: Sequence[int],
    settings: WorldSettings,
    *,
    sensor: SensorSettings | None = None,
    rays: int = 1,
    device: torch.device | str = "cpu",
) -> Triplets:
    """Return the triplet of each seed; it does not depend on what else is asked for.

    Args:
        seeds: of the worlds, 0 or more.
        settings: of the worlds.
        sensor: that images are taken with; None for the usual one.
        rays: along each axis of a pixel, for its colour.
        device: that does the work and holds the result.
    """
    worlds = [make_world(seed, settings) for seed in seeds]
    rendered = render(worlds, device=device, samples=rays)
    return photograph(rendered, sensor or SensorSettings())


def photograph(triplets: Triplets, settings: SensorSettings) -> Triplets:
    """Return triplets whose images are taken by sensors of their seeds."""
    sensors = draw_sensors(triplets.seeds, settings, triplets.left.device)
    left = taken(triplets.left, sensors, torch.tensor([0, 2, 4]))
    right = taken(triplets.right, sensors, torch.tensor([1, 3, 5]))
    return dataclasses.replace(triplets, left=left, right=right)


def taken(images: Tensor, sensors: Sensors, numbers: Tensor) -> Tensor:
    """Return several images of each world, as its sensor takes them.

    Args:
        images: RGB 0..1. # (B, V, 3, H, W)
        sensors: of the worlds.
        numbers: of the images in their world, for the noise. # (V,)
    """
    batch, views = images.shape[:2]
    number = numbers.to(images.device).repeat(batch)
    flat = photographed(images.flatten(0, 1), sensors.repeated(views), number)
    return flat.reshape(batch, views, *flat.shape[1:])
