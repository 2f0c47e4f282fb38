from __future__ import annotations

import dataclasses

import pytest
import torch

from offline.synthetic.make import make_world
from offline.synthetic.render import render
from offline.synthetic.sensor import IDEAL
from offline.synthetic.settings import WorldSettings
from offline.synthetic.triplets import make_triplets, photograph
from offline.synthetic.world import Triplets

SETTINGS = WorldSettings(height=32, width=96)


@pytest.fixture(scope="module")
def rendered() -> Triplets:
    return render([make_world(seed, SETTINGS) for seed in (0, 1)])


def test_a_triplet_does_not_depend_on_those_beside_it(rendered):
    both = make_triplets([0, 1], SETTINGS)
    alone = make_triplets([1], SETTINGS)
    for field in dataclasses.fields(Triplets):
        one, other = getattr(both, field.name), getattr(alone, field.name)
        if field.name == "seeds":
            assert (one, other) == ((0, 1), (1,))
        else:
            assert torch.equal(one[1:], other), field.name
    assert torch.equal(both.depth, rendered.depth)


def test_an_ideal_sensor_gives_what_is_rendered(rendered):
    taken = photograph(rendered, IDEAL)
    assert (taken.left - rendered.left).abs().max() < 0.51 / 255
    assert (taken.right - rendered.right).abs().max() < 0.51 / 255


def test_every_image_of_a_world_has_noise_of_its_own(rendered):
    black = torch.full_like(rendered.left, 0.5)
    noisy = dataclasses.replace(IDEAL, read_noise=(0.05, 0.05))
    taken = photograph(dataclasses.replace(rendered, left=black, right=black), noisy)
    views = torch.cat([taken.left, taken.right], 1).flatten(2)  # (2, 6, P)
    for one in range(6):
        for other in range(one):
            assert (views[:, one] != views[:, other]).float().mean() > 0.5
