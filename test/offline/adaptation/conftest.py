import cv2
import numpy as np
import pytest
import torch

from offline.adaptation.footage import Footage


def _texture(seed):
    noise = np.random.default_rng(seed).uniform(0, 255, (32, 64, 3)).astype(np.float32)
    return cv2.resize(noise, (256, 128), interpolation=cv2.INTER_CUBIC).clip(0, 255)


@pytest.fixture(scope="session")
def drive():
    """Make frames of a wall and, before it, a strip that moves four times as fast."""

    def make(count, step=1.0):
        far, near = _texture(0), _texture(1)
        frames = []
        for index in range(count):
            wall, strip = round(step * index), round(4 * step * index)
            frame = far[:, wall : wall + 128].copy()
            frame[40:100] = np.roll(near, -strip, 1)[40:100, :128]
            frames.append(frame.astype(np.uint8))
        return frames

    return make


@pytest.fixture
def footage(drive):
    def make(count=24, **more):
        images = torch.from_numpy(np.stack(drive(count))).permute(0, 3, 1, 2).contiguous()
        known = {
            "name": "drive",
            "images": images,
            "stamps_ns": tuple(100_000_000 * n for n in range(count)),
            "follows": (True,) * (count - 1),
            "intrinsics": torch.tensor([[100.0, 0, 64], [0, 100, 64], [0, 0, 1]]),
            "world_from_camera": None,
        }
        return Footage(**(known | more))

    return make
