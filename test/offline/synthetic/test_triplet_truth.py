from __future__ import annotations

import pytest
import torch

from offline.synthetic import cameras
from offline.synthetic.cameras import camera_views
from offline.synthetic.joined import join
from offline.synthetic.triplet_truth import flow, triplet_truth
from offline.synthetic.truth import Carried
from offline.synthetic.visibility import look
from offline.synthetic.world import BOX, SPHERE

SHOTS = [(0, t, right) for right in (False, True) for t in range(3)]


@pytest.fixture
def truth(make_small_world):
    world = make_small_world(
        (BOX, (0, -1.5, 9), (1, 1, 1)),
        (SPHERE, (3, -1.5, 12), (1, 1, 1)),
        motion=(0.5, 0, -4),
        drive=(0, 0, 1),
    )
    joined = join([world])
    views = camera_views(joined, SHOTS)

    def gather():
        blank = torch.zeros(1, 3, 3, 32, 64)
        return triplet_truth(joined, views, look(joined, views), blank, blank)

    return gather


def test_a_pixel_of_a_moving_box_has_all_its_truth(truth):
    found = truth()
    at = (0, slice(None), 16, 32)
    assert found.depth[at].item() == 8
    assert found.disparity[at].item() == 4  # 64 * 0.5 / 8
    assert found.next_disparity[at].item() == pytest.approx(64 * 0.5 / 3)
    assert found.flow_forward[at].tolist() == pytest.approx([64 * 0.5 / 3, 0])
    assert found.flow_backward[at].tolist() == pytest.approx([-64 * 0.5 / 13, 0])
    assert found.moving[at].item()
    assert found.instances[0, 16, 32] == 1


def test_bands_of_few_rows_give_the_same(truth, monkeypatch):
    whole = truth()
    monkeypatch.setattr(cameras, "_PIXELS", {"cpu": 200})
    parts = truth()
    for name in ("depth", "flow_forward", "flow_backward", "occluded_next", "labels"):
        torch.testing.assert_close(getattr(parts, name), getattr(whole, name))


def test_flow_counts_from_the_images_first_row():
    plane = torch.full((1, 2, 3), 7.0).double()
    known = torch.tensor([[[True, True, True], [True, False, True]]])
    found = flow(Carried(plane, plane, plane, known, ~known), top=5)
    assert found[0, 0].tolist() == [[7, 6, 5], [7, 0, 5]]
    assert found[0, 1].tolist() == [[2, 2, 2], [1, 0, 1]]
