"""How well flow explains the next image."""

from __future__ import annotations

import numpy as np
import pytest

from offline.datasets.samples import Sample
from offline.evaluation.choice import Overrides, choose_task
from offline.evaluation.task import Record


class _Kept:
    def __init__(self, image):
        self._image = image

    def pixels(self, _):
        return self._image, "rgb8"


@pytest.fixture
def sample():
    """Noise that moves by two pixels to the right."""
    wide = np.random.default_rng(1).integers(0, 255, (24, 50, 3), np.uint8)
    current, following = wide[:, 2:42], wide[:, :40]
    return Sample("a", {"current": _Kept(current), "next": _Kept(following)})


def _flow(x):
    flow = np.zeros((24, 40, 2), np.float32)
    flow[..., 0] = x
    return {"flow": flow}


def test_right_flow_explains_all_but_what_leaves_the_image(sample):
    task = choose_task("photometric", "kitti2015", Overrides())
    right, none = (task.score(sample, {}, _flow(x)) for x in (2, 0))
    assert right.warped < 0.15 * right.unmoved
    assert none.warped == pytest.approx(none.unmoved)


def test_figures_are_means_over_images(sample):
    task = choose_task("photometric", "kitti2015", Overrides())
    scores = [task.score(sample, {}, _flow(x)) for x in (2, 0)]
    found = task.conclude([Record(str(n), "", score) for n, score in enumerate(scores)])
    assert found["photometric"] == pytest.approx((scores[0].warped + scores[1].warped) / 2)
