import numpy as np
import pytest

from offline.golden.comparison import compare
from offline.golden.insta_dm_metrics import arrays, inputs


@pytest.fixture(scope="module")
def case(repository):
    with np.load(repository / "test/data/insta_dm/metrics.npz") as stored:
        return {name: stored[name] for name in stored.files}


def test_every_metric_of_the_case_is_met(case):
    ours = arrays(case, 10)
    assert case.keys() == ours.keys() | inputs(case)
    for name, array in ours.items():
        comparison = compare(name, "insta_dm", case[name], array)
        assert comparison.passed, comparison


def test_case_of_another_kind_has_neither_inputs_nor_arrays():
    assert not inputs({"gt": np.zeros(1)})
    assert not arrays({"gt": np.zeros(1)}, 10)
