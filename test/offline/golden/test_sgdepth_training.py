"""The case is the shared one without its large arrays."""

import json

import pytest

from offline.golden.comparison import compare
from offline.golden.sgdepth import SGDEPTH_CASES


@pytest.fixture(scope="module")
def case(repository, read_case):
    return read_case(repository / "test/data/sgdepth/train_step_10.npz")


@pytest.fixture(scope="module")
def shapes(repository):
    listed = json.loads((repository / "test/data/sgdepth/variables.json").read_text())
    return {name: tuple(shape) for name, shape in listed.items()}


@pytest.fixture(scope="module")
def ours(case, shapes):
    return SGDEPTH_CASES.arrays(case, shapes, 10)


def test_losses_gradients_and_statistics_agree_with_the_published_code(case, ours):
    results = case.keys() - SGDEPTH_CASES.inputs(case)
    assert {"loss_depth", "loss_seg", "grad_norms"} < results
    assert results < ours.keys()  # the disparities are left out of this case
    comparisons = [compare(name, "sgdepth", case[name], ours[name]) for name in sorted(results)]
    assert [comparison for comparison in comparisons if not comparison.passed] == []


def test_what_is_given_is_no_result(case):
    given = {"K", "cam_T_cam_prev", "cam_T_cam_next", "seg_target", "grad_names"}
    assert SGDEPTH_CASES.inputs(case) == given


def test_a_step_without_variables_is_refused(case):
    with pytest.raises(ValueError, match="--variables"):
        SGDEPTH_CASES.arrays(case, {}, 10)
