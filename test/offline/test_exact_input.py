from __future__ import annotations

import numpy as np
import pytest

from offline.exact_input import Checked, check_exactly, figures, true_velocity
from offline.synthetic.drive import open_drive
from offline.synthetic.stereo import render_pair
from scene_perception.pipelines.stereo_config import StereoConfig

SEED, FRAME = 2, 7  # what moves is near


@pytest.fixture(scope="module")
def checked() -> Checked:
    drive = open_drive(FRAME + 1, seed=SEED, height=188, width=621)
    return check_exactly(render_pair(drive, FRAME), StereoConfig())


def test_depth_and_velocity_are_exact_where_they_are_valid(checked):
    found = figures(checked)
    assert found["valid_share"] > 0.3
    assert found["depth_error_percent"] < 0.01
    assert found["velocity_error_percent"] < 0.05


def test_the_cameras_motion_is_found(checked):
    truth = checked.pair.left.next_from_camera
    np.testing.assert_allclose(
        checked.motion.ego_motion.next_from_current[:3], truth[:3], atol=2e-4
    )
    found = figures(checked)
    assert found["camera_speed_m_s"] == pytest.approx(found["true_camera_speed_m_s"], rel=1e-3)
    assert 6 < found["true_camera_speed_m_s"] < 12


def test_what_is_near_and_moves_is_found_with_its_speed(checked):
    things = figures(checked)["objects"]
    assert things
    for thing in things:
        assert thing["true_speed_m_s"] > 1
        assert thing["speed_m_s"] == pytest.approx(thing["true_speed_m_s"], rel=0.01)


def test_velocities_agree_in_direction_too(checked):
    for thing in checked.motion.objects:
        truth = true_velocity(checked.pair, checked.motion.motion_mask, thing)
        np.testing.assert_allclose(thing.velocity_m_s, truth, atol=0.02)


def test_only_what_moves_is_in_the_mask(checked):
    mask = checked.motion.motion_mask > 0
    # Small holes are filled, so a pixel between two things may belong to neither.
    assert (mask & (checked.pair.movers == 0)).sum() < 2e-2 * mask.sum()
    valid = checked.motion.validity == 0
    near = (checked.pair.movers > 0) & valid & (checked.pair.left.depth < 20)
    assert (mask & near).sum() > 0.9 * near.sum()
