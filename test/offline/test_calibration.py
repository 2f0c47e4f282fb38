from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor, nn

from offline.calibration import Size, calibration_inputs, calibration_windows
from scene_perception.engines.base import TensorSpec

SIZE = Size(32, 64)


def write_images(folder, count: int, *, first: int = 0) -> None:
    folder.mkdir(parents=True)
    for index in range(count):
        grey = np.full((40, 80, 3), 10 * (first + index), np.uint8)
        assert cv2.imwrite(str(folder / f"{index:03d}.png"), grey)


def test_windows_of_a_folder_are_neighbours_at_the_networks_size(tmp_path):
    write_images(tmp_path / "images", 4)
    windows = calibration_windows(tmp_path / "images", SIZE, stereo=False)
    assert [[round(float(frame.mean() * 255)) for frame in window] for window in windows] == [
        [0, 10, 20],
        [10, 20, 30],
    ]
    assert windows[0][0].shape == (1, 3, 32, 64)


def test_windows_are_spread_over_a_long_folder(tmp_path):
    write_images(tmp_path / "images", 24)
    windows = calibration_windows(tmp_path / "images", SIZE, stereo=False, count=2)
    middles = [round(float(window[1].mean() * 255)) for window in windows]
    assert middles == [10, 90]


def test_a_window_of_pairs_is_left_and_right_in_one_batch(tmp_path):
    write_images(tmp_path / "drive/image_2", 3)
    write_images(tmp_path / "drive/image_3", 3, first=10)
    windows = calibration_windows(tmp_path / "drive", SIZE, stereo=True)
    assert len(windows) == 2
    greys = (windows[0][2].mean((1, 2, 3)) * 255).round().tolist()
    assert [tuple(frame.shape) for frame in windows[0]] == [(2, 3, 32, 64)] * 3
    assert greys == [10, 110]


def test_without_a_path_windows_are_of_generated_streets():
    windows = calibration_windows(None, SIZE, stereo=False, count=1)
    assert len(windows) == 1
    assert float(windows[0][1].std()) > 0.05


def test_images_without_neighbours_are_refused(tmp_path):
    write_images(tmp_path / "images", 2)
    with pytest.raises(ValueError, match="must have neighbours in time"):
        calibration_windows(tmp_path / "images", SIZE, stereo=False)


def test_a_folder_of_one_camera_is_no_stereo(tmp_path):
    write_images(tmp_path / "images", 3)
    with pytest.raises(ValueError, match="left/right or image_2/image_3"):
        calibration_windows(tmp_path / "images", SIZE, stereo=True)


class Brightness(NamedTuple):
    brightness: Tensor


class Change(NamedTuple):
    change: Tensor


class Encoder(nn.Module):
    def forward(self, image: Tensor) -> Brightness:
        return Brightness(image.mean((1, 2, 3)))


class Decoder(nn.Module):
    def forward(self, brightness_current: Tensor, brightness_next: Tensor) -> Change:
        return Change(brightness_next - brightness_current)


def test_a_part_is_given_what_the_parts_before_it_give(tmp_path):
    frames = tuple(torch.full((1, 3, 4, 4), value) for value in (0.1, 0.2, 0.4))
    inputs = {
        "encoder": {"image": TensorSpec((1, 3, 4, 4))},
        "decoder": {f"brightness_{role}": TensorSpec((1,)) for role in ("current", "next")},
    }
    parts = {"encoder": Encoder(), "decoder": Decoder()}
    found = calibration_inputs(parts, inputs, [frames])
    assert float(found["encoder"][0]["image"].mean()) == pytest.approx(0.2)
    given = {name: float(tensor) for name, tensor in found["decoder"][0].items()}
    assert given == pytest.approx({"brightness_current": 0.2, "brightness_next": 0.4})
