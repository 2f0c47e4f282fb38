"""TensorBoard reads what a run writes; its own reader is the judge."""

import cv2
import numpy as np
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from offline.training.tracking import Tracking


@pytest.fixture
def log(tmp_path):
    with Tracking(tmp_path, 0, enabled=True) as tracking:
        tracking.scalars({"loss": 0.5, "loss/depth": 0.25}, 10)
        tracking.scalars({"loss": 0.75}, 20)
        picture = torch.zeros(4, 6, 3, dtype=torch.uint8)
        picture[..., 0] = 200
        tracking.pictures({"depth": picture}, 20)
    return tmp_path


def read(folder):
    return EventAccumulator(str(folder)).Reload()


def test_scalars_and_pictures_are_read_back(log):
    found = read(log)
    assert [(e.step, e.value) for e in found.Scalars("loss")] == [(10, 0.5), (20, 0.75)]
    (image,) = found.Images("depth")
    pixels = cv2.imdecode(np.frombuffer(image.encoded_image_string, np.uint8), cv2.IMREAD_COLOR)
    assert pixels.shape == (4, 6, 3)
    assert pixels[0, 0].tolist() == [0, 0, 200]


def test_going_on_drops_what_was_written_after_the_state(log):
    with Tracking(log, 15, enabled=True) as tracking:
        tracking.scalars({"loss": 0.125}, 20)
    assert [(e.step, e.value) for e in read(log).Scalars("loss")] == [(10, 0.5), (20, 0.125)]


def test_other_processes_write_nothing(tmp_path):
    with Tracking(tmp_path / "log", 0, enabled=False) as tracking:
        tracking.scalars({"loss": 0.5}, 0)
    assert not (tmp_path / "log").exists()
