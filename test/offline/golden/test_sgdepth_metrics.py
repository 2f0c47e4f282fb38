import numpy as np
import pytest

from offline.golden.comparison import compare
from offline.golden.sgdepth_metrics import arrays, inputs


@pytest.fixture(scope="module")
def case(repository):
    with np.load(repository / "test/data/sgdepth/metrics.npz") as stored:
        return {name: stored[name] for name in stored.files}


def test_every_metric_of_the_case_is_met(case):
    ours = arrays(case, 10)
    assert case.keys() == ours.keys() | inputs(case)
    for name, array in ours.items():
        comparison = compare(name, "sgdepth", case[name], array)
        assert comparison.passed, comparison


def test_fixed_factor_is_the_case_s_own(case):
    other = {**case, "ratios_kitti_fixed": np.full(2, 3.5)}
    assert arrays(other, 10)["ratios_kitti_fixed"].tolist() == [3.5, 3.5]


def test_part_of_a_case_is_computed_from_what_it_has(case):
    part = {name: case[name] for name in ("pose_gt", "pose_pred")}
    assert inputs(part) == set(part)
    assert arrays(part, 10).keys() == {"pose_ate_mean", "pose_ate_std"}


def test_case_of_another_kind_has_neither_inputs_nor_arrays():
    assert not inputs({"disp_0": np.zeros(1)})
    assert not arrays({"disp_0": np.zeros(1)}, 10)
