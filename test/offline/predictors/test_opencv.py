"""OpenCV's flow and disparity as a predictor."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from offline.predictors.load import load_predictor
from offline.predictors.opencv import OpenCVPredictor, carried

_SHIFT, _DISPARITY = 3, 10


@pytest.fixture(scope="module")
def images():
    """A textured plane that moves to the right, seen by two cameras."""
    noise = np.random.default_rng(0).uniform(0, 255, (160, 480, 3))
    wide = cv2.GaussianBlur(noise, (0, 0), 1.5)
    wide = np.clip((wide - wide.mean()) * 4 + 128, 0, 255).astype(np.uint8)

    def seen(shift):
        return np.ascontiguousarray(wide[:, 100 + shift : 420 + shift])

    return {
        "current": seen(0),
        "next": seen(-_SHIFT),
        "right": seen(_DISPARITY),
        "next_right": seen(_DISPARITY - _SHIFT),
    }


def test_flow_is_the_planes_motion(images):
    flow = OpenCVPredictor()("flow", images)["flow"]
    inner = flow[20:-20, 40:-40]
    np.testing.assert_allclose(np.median(inner, (0, 1)), [_SHIFT, 0], atol=0.1)


def test_disparities_are_the_planes_and_have_no_holes(images):
    outputs = OpenCVPredictor(largest=64)("scene_flow", images)
    for name in ("disparity", "next_disparity"):
        assert np.isfinite(outputs[name]).all()
        assert np.median(outputs[name]) == pytest.approx(_DISPARITY, abs=0.1)


def test_the_next_disparity_is_read_where_the_flow_ends():
    following = np.arange(20, dtype=np.float32).reshape(4, 5)
    flow = np.zeros((4, 5, 2), np.float32)
    flow[..., 0], flow[..., 1] = 1, 2
    assert carried(following, flow)[0, 0] == 11
    assert carried(following, flow)[3, 4] == 19  # beyond the image: its corner


def test_it_has_no_weights():
    assert load_predictor("opencv", "").model == "opencv"
    with pytest.raises(ValueError, match="weights must not be given for opencv"):
        load_predictor("opencv", "w.safetensors")
