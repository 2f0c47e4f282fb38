"""Each reason not to believe a pixel has a flag of its own."""

import numpy as np
import pytest

from scene_perception.geometry.validity import (
    BEYOND_NEXT,
    BEYOND_RIGHT,
    FLAGS,
    HIDDEN_NEXT,
    HIDDEN_RIGHT,
    NEXT_OUT_OF_RANGE,
    OUT_OF_RANGE,
    motion_validity,
    stereo_validity,
)

pytestmark = pytest.mark.filterwarnings("error")

LIMITS = (1.0, 50.0)
SHAPE = (12, 40)
AT = (6, 20)


def wall(value=4.0):
    return np.full(SHAPE, value, np.float32)


def changed(value):
    """Return a wall whose pixel at ``AT`` has another value."""
    disparity = wall()
    disparity[AT] = value
    return disparity


def flow_at(u, v):
    flow = np.zeros((*SHAPE, 2), np.float32)
    flow[AT] = u, v
    return flow


def test_flags_are_bits_by_name():
    assert FLAGS == {
        "out_of_range": 1,
        "beyond_right": 2,
        "hidden_right": 4,
        "next_out_of_range": 8,
        "beyond_next": 16,
        "hidden_next": 32,
    }


def test_a_wall_is_valid_but_for_what_the_right_image_does_not_show():
    flags = stereo_validity(wall(), LIMITS)
    assert (flags[:, :4] == BEYOND_RIGHT).all()
    assert not flags[:, 4:].any()
    assert flags.dtype == np.uint8


@pytest.mark.parametrize("value", [0.9, 50.1, -3.0, np.nan, np.inf, -np.inf])
def test_a_disparity_out_of_range_or_unknown_is_flagged(value):
    assert stereo_validity(changed(value), LIMITS)[AT] & OUT_OF_RANGE


def test_the_limits_themselves_are_in_range():
    for value in LIMITS:
        assert not stereo_validity(changed(value), LIMITS)[AT] & OUT_OF_RANGE


def test_what_a_near_box_covers_in_the_right_image_is_flagged():
    disparity = wall()
    disparity[3:9, 20:30] = 10
    flags = stereo_validity(disparity, LIMITS)
    # The box lands on columns 10..19, where the wall's columns 14..23 land, 14..19 of them seen.
    expected = np.zeros(SHAPE, bool)
    expected[3:9, 14:20] = True
    np.testing.assert_array_equal((flags & HIDDEN_RIGHT) > 0, expected)


def test_a_disparity_out_of_range_covers_nothing():
    disparity = wall()
    disparity[3:9, 36:40] = 60
    assert not (stereo_validity(disparity, (1.0, 50.0)) & HIDDEN_RIGHT).any()


def test_the_stereo_flags_are_among_those_of_motion():
    disparity = changed(np.nan)
    motion = motion_validity(disparity, wall(), flow_at(0, 0), LIMITS)
    assert motion[AT] == OUT_OF_RANGE
    assert motion[0, 0] == BEYOND_RIGHT | BEYOND_NEXT


def test_a_next_disparity_out_of_range_is_flagged_alone():
    assert motion_validity(wall(), changed(0.5), flow_at(0, 0), LIMITS)[AT] == NEXT_OUT_OF_RANGE
    assert motion_validity(wall(), changed(np.nan), flow_at(0, 0), LIMITS)[AT] == NEXT_OUT_OF_RANGE


@pytest.mark.parametrize(
    "flow", [(19.6, 0), (0, 5.6), (0, -6.6), (-16.6, 0), (np.nan, 0), (0, np.inf)]
)
def test_what_leaves_either_next_image_or_has_no_flow_is_flagged(flow):
    assert motion_validity(wall(), wall(), flow_at(*flow), LIMITS)[AT] == BEYOND_NEXT


@pytest.mark.parametrize("flow", [(19.4, 0), (0, 5.4), (-16.2, 0)])
def test_what_stays_within_the_borders_of_both_next_images_is_not(flow):
    assert motion_validity(wall(), changed(4.2), flow_at(*flow), LIMITS)[AT] == 0


def test_what_a_box_moves_in_front_of_is_hidden_next():
    disparity, flow = wall(), np.zeros((*SHAPE, 2), np.float32)
    disparity[3:9, 28:34] = 10
    flow[3:9, 28:34, 0] = -6
    flags = motion_validity(disparity, disparity, flow, LIMITS)
    # Next the box is at columns 22..27 of the left image, at 12..17 of the right one: there the
    # wall's columns 16..21 are.
    expected = np.zeros(SHAPE, bool)
    expected[3:9, 16:28] = True
    np.testing.assert_array_equal((flags & HIDDEN_NEXT) > 0, expected)


def test_the_scene_is_valid_where_nothing_is_covered(stereo_scene):
    scene = stereo_scene
    flags = motion_validity(scene.disparity, scene.next_disparity, scene.flow, (4.0, 60.0))
    assert 0.6 < (flags == 0).mean() < 0.9


def test_shapes_that_differ_are_refused():
    with pytest.raises(ValueError, match=r"\(12, 40\) and \(12, 40, 2\).*got \(6, 40\)"):
        motion_validity(wall(), wall()[::2], flow_at(0, 0), LIMITS)


@pytest.mark.parametrize("limits", [(5.0, 4.0), (np.nan, 4.0)])
def test_limits_out_of_order_are_refused(limits):
    with pytest.raises(ValueError, match="limits_px must be smallest <= largest"):
        stereo_validity(wall(), limits)


def test_whatever_a_network_says_is_flagged_without_a_warning():
    generator = np.random.default_rng(0)
    strange = np.float32([0, -1, np.nan, np.inf, -np.inf, 1e-30, 3e38, -3e38])
    disparity, following, u, v = (generator.choice(strange, SHAPE) for _ in range(4))
    assert motion_validity(disparity, following, np.dstack([u, v]), LIMITS).all()
