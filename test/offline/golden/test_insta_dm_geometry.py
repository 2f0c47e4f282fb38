"""The small case was made by the published code as the shared one, at 32x48 from seed 20."""

import numpy as np
import pytest

from offline.golden import insta_dm_geometry
from offline.golden.insta_dm_geometry import arrays, inputs


@pytest.fixture(scope="module")
def case(repository, read_case):
    return read_case(repository / "test/data/insta_dm/geometry_20.npz")


@pytest.fixture(scope="module")
def failing(failures):
    return lambda case, seed: failures(case, seed, "insta_dm", insta_dm_geometry)


def test_every_array_agrees_with_the_published_code(case, failing):
    assert failing(case, 20) == []


def test_every_array_of_the_shared_case_agrees(shared, failing, read_case):
    assert failing(read_case(shared / "golden/instadm/geometry.npz"), 10) == []


def test_other_images_do_not_agree(case, failing):
    names = {comparison.name for comparison in failing(case, 10)}
    assert {"inverse_warp_zeros", "forward_warp", "mof_warp", "flow_warp"} <= names
    assert "cam_coords" not in names


def test_one_operation_with_its_inputs_is_enough(case, failing):
    names = ("flow", "flow_warp")
    part = {name: case[name] for name in names}
    assert inputs(part) == {"flow"}
    assert failing(part, 20) == []


def test_another_case_has_nothing_of_geometry(repository, read_case):
    case = read_case(repository / "test/data/insta_dm/losses_20.npz")
    assert arrays(case, 20) == {}
    assert inputs(case) == set()


def test_inputs_that_do_not_fit_together_are_named(case):
    part = {name: case[name] for name in ("depth_target", "K", "cam_coords")}
    part["K"] = part["K"][:1]
    with pytest.raises(ValueError, match=r"cam_coords cannot .* K float32\(1, 3, 3\)"):
        arrays({**part, "depth_target": part["depth_target"][:, 0]}, 20)


def test_an_image_too_small_for_the_pixel_of_the_matrix_is_named(case):
    part = {"motion_field": case["motion_field"][..., :16], "mof_matrix_pixel": np.zeros(1)}
    with pytest.raises(ValueError, match="mof_matrix_pixel cannot be computed from motion_field"):
        arrays(part, 20)
