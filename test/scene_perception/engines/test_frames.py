"""The frames that engines are compared on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from scene_perception.engines.frames import random_frames, real_looking_frames

HEIGHT, WIDTH = 128, 192
Draw = Callable[..., tuple[Tensor, ...]]
both = pytest.mark.parametrize("draw", [real_looking_frames, random_frames])


@both
def test_a_frame_is_one_image_or_a_stereo_pair(draw: Draw) -> None:
    assert [frame.shape for frame in draw(HEIGHT, WIDTH)] == 3 * [(1, 3, HEIGHT, WIDTH)]
    pairs = draw(HEIGHT, WIDTH, 2, stereo=True)
    assert [frame.shape for frame in pairs] == 2 * [(2, 3, HEIGHT, WIDTH)]


@both
def test_colours_lie_between_0_and_1_and_use_most_of_that(draw: Draw) -> None:
    frame = draw(HEIGHT, WIDTH)[0]
    assert frame.dtype == torch.float32
    assert 0 <= frame.min() < 0.1
    assert 0.9 < frame.max() <= 1


@both
def test_frames_are_the_same_at_every_call(draw: Draw) -> None:
    first, again = draw(HEIGHT, WIDTH, 2), draw(HEIGHT, WIDTH, 2)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))


def test_the_street_moves_from_frame_to_frame() -> None:
    first, second = real_looking_frames(HEIGHT, WIDTH, 2)
    assert (first - second).abs().mean() > 0.01


def test_the_left_image_of_a_pair_is_the_single_camera_s() -> None:
    (single,), (pair,) = (real_looking_frames(HEIGHT, WIDTH, 1, stereo=s) for s in (False, True))
    assert torch.equal(pair[:1], single)


def test_the_right_image_sees_near_things_further_left() -> None:
    (pair,) = real_looking_frames(HEIGHT, WIDTH, 1, stereo=True)
    # The red car's front is 14 m ahead: 0.58 * 192 px * 0.54 m / 14 m = 4.3 px.
    red = (pair[:, 0] > 0.4) & (pair[:, 1] < 0.3)
    columns = torch.arange(WIDTH).expand(2, HEIGHT, WIDTH)
    left, right = (columns[eye][red[eye]].float().mean() for eye in (0, 1))
    assert left - right == pytest.approx(4.3, abs=0.8)


def test_the_sky_is_bright_and_the_road_is_dark() -> None:
    (frame,) = real_looking_frames(HEIGHT, WIDTH, 1)
    sky, road = frame[0, :, 5, WIDTH // 2], frame[0, :, -5, WIDTH // 2 - 20 : WIDTH // 2 - 10]
    assert sky.mean() > 0.75
    assert road.mean() < 0.45
