import numpy as np
import pytest

from offline.golden.comparison import compare
from offline.golden.semseg_losses import arrays, inputs


@pytest.fixture
def case(repository):
    with np.load(repository / "test/data/semseg/losses.npz") as stored:
        return dict(stored)


def test_every_published_loss_and_gradient_is_within_its_limit(case):
    ours = arrays(case)
    results = case.keys() - inputs(case)
    assert len(results) == 40
    for name in results:
        comparison = compare(name, "semseg", case[name], ours[name])
        assert comparison.passed, comparison


def test_a_case_of_another_kind_has_nothing_of_ours():
    other = {"disp_0": np.zeros((4, 4)), "loss_depth": np.zeros(())}
    assert inputs(other) == set()
    assert arrays(other) == {}


def test_a_loss_without_its_inputs_is_named(case):
    del case["in_gt"]
    with pytest.raises(ValueError, match=r"out_l1_loss_smooth cannot be computed .* 'in_gt'"):
        arrays(case)
