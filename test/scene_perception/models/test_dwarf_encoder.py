from __future__ import annotations

import pytest
import torch

from scene_perception.models.dwarf_encoder import StereoEncoder


def test_left_and_right_images_are_encoded_alike() -> None:
    image = torch.rand(1, 3, 64, 128)
    for features in StereoEncoder()(torch.cat([image, image])):
        left, right = features.chunk(2)
        torch.testing.assert_close(left, right)


def test_levels_two_to_six_are_kept() -> None:
    features = StereoEncoder()(torch.zeros(2, 3, 64, 128))
    assert features._fields == tuple(f"features_{n}" for n in range(2, 7))
    shapes = [(2, 32, 16, 32), (2, 64, 8, 16), (2, 96, 4, 8), (2, 128, 2, 4), (2, 196, 1, 2)]
    assert [tuple(level.shape) for level in features] == shapes


def test_an_image_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="multiples of 64 px and at least 64 px, got 100x128"):
        StereoEncoder()(torch.zeros(2, 3, 100, 128))
