from __future__ import annotations

import numpy as np
import pytest

from offline.exact_input import Checked, check_exactly, figures, true_velocity
from offline.synthetic.scene import make_scene
from offline.synthetic.stereo import render_pair
from scene_perception.pipelines.stereo_config import StereoConfig

OVERTAKING, CROSSING = (1.0, 0.0, 14.0), (7.0, 0.0, 0.0)


@pytest.fixture(scope="module")
def checked() -> Checked:
    return check_exactly(render_pair(make_scene(0, 375, 1242), 7), StereoConfig())


def test_depth_and_velocity_are_exact_where_they_are_valid(checked):
    found = figures(checked)
    assert found["valid_share"] > 0.6
    assert found["depth_error_percent"] < 0.01
    assert found["velocity_error_percent"] < 0.05


def test_the_cameras_motion_is_found(checked):
    truth = checked.pair.left.next_from_camera
    np.testing.assert_allclose(
        checked.motion.ego_motion.next_from_current[:3], truth[:3], atol=2e-4
    )
    found = figures(checked)
    assert found["camera_speed_m_s"] == pytest.approx(found["true_camera_speed_m_s"], rel=1e-3)
    assert found["true_camera_speed_m_s"] == pytest.approx(8.0, rel=0.01)


def test_both_cars_that_are_near_are_found_with_their_speeds(checked):
    speeds = sorted(thing["speed_m_s"] for thing in figures(checked)["objects"])
    assert speeds == pytest.approx([np.hypot(*CROSSING[::2]), np.hypot(*OVERTAKING[::2])], rel=0.01)


def test_velocities_agree_in_direction_too(checked):
    for thing in checked.motion.objects:
        truth = true_velocity(checked.pair, checked.motion.motion_mask, thing)
        np.testing.assert_allclose(thing.velocity_m_s, truth, atol=0.02)


def test_only_what_moves_is_in_the_mask(checked):
    mask = checked.motion.motion_mask > 0
    # Small holes are filled, so a pixel between two cars may belong to neither.
    assert (mask & (checked.pair.movers == 0)).sum() < 1e-3 * mask.sum()
    near = np.isin(checked.pair.movers, (2, 3)) & (checked.motion.validity == 0)
    assert (mask & near).sum() > 0.95 * near.sum()
