"""A small batch, and networks with a ResNet that are thin: nothing else of them differs."""

import pytest
import torch
from tiny_scene import Scene

from offline.training.batch import Batch
from scene_perception.models import pose_net, residual_decoder, resnet, sgdepth_scene


@pytest.fixture
def small_batch():
    """Both tiny samples at 64x64 px; yours to write to."""
    samples = [Scene(size=64, shift=shift).sample() for shift in (0.0, 0.6)]
    stacked = {name: torch.stack([sample[name] for sample in samples]) for name in samples[0]}
    return Batch(stacked, ("tiny 0", "tiny 1"))


@pytest.fixture
def thin(monkeypatch):
    """Let networks with a ResNet that are built from now on have an eighth of the channels."""
    for module in (resnet, residual_decoder, pose_net):
        monkeypatch.setattr(module, "FEATURE_CHANNELS", (8, 8, 16, 32, 64))
    for module in (residual_decoder, sgdepth_scene):
        monkeypatch.setattr(module, "LEVEL_CHANNELS", (32, 16, 16, 8, 8))
    monkeypatch.setattr(pose_net, "_CHANNELS", 32)
