"""Validation measures the weights as they would be shipped, and keeps the best."""

import dataclasses

import cv2
import numpy as np
import pytest

from offline.predictors.load import load_predictor
from offline.training.checkpoint import BEST, LAST
from offline.training.config import Validation, default_config
from offline.training.loop import train
from offline.training.validation import error_of


@pytest.fixture
def labelled(tmp_path):
    """A folder like CamVid's, of one image with road below the sky."""
    for folder in ("val", "val_labels"):
        (tmp_path / "camvid" / folder).mkdir(parents=True)
    image, classes = np.full((64, 96, 3), 90, np.uint8), np.zeros((64, 96), np.uint8)
    classes[32:] = 3
    cv2.imwrite(str(tmp_path / "camvid" / "val" / "a.png"), image)
    cv2.imwrite(str(tmp_path / "camvid" / "val_labels" / "a.png"), classes)
    return tmp_path / "camvid"


def test_weights_are_measured_and_written_so_that_tools_load_them(labelled, tiny_source, tmp_path):
    base = default_config("supervised")
    tasks = dataclasses.replace(
        base.settings.tasks, depth=0.0, flow=0.0, ego_motion=0.0, intrinsics=0.0, motion=0.0
    )
    config = dataclasses.replace(
        base,
        settings=dataclasses.replace(base.settings, tasks=tasks),
        height=128,
        width=128,
        schedule=dataclasses.replace(base.schedule, warmup_steps=0),
        steps=2,
        batch_size=2,
        workers=0,
        device="cpu",
        pictures_every=1,
        validation=Validation(
            every=2, dataset="camvid", folder=str(labelled), split="val", samples=1
        ),
        output=str(tmp_path / "run"),
    )
    outcome = train(config, sources=[tiny_source])
    assert 0 <= outcome.figures["semantics/miou"] <= 1
    assert outcome.figures["error"] == pytest.approx(1 - outcome.figures["semantics/miou"])
    for name in (LAST, BEST):
        path = str(outcome.folder / name)
        assert load_predictor("omeganet", path, height=128, width=128, device="cpu")


def test_better_figures_make_a_smaller_error():
    assert error_of({"depth/abs_rel": 0.1, "semantics/miou": 0.7}) == pytest.approx(0.2)
    assert error_of({"flow/epe_occ": 2.0}) < error_of({"flow/epe_occ": 3.0})
