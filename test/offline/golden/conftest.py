import numpy as np
import pytest

from offline.golden.comparison import compare


@pytest.fixture(scope="session")
def read_case():
    """Return a function that reads a golden case."""

    def read(path):
        with np.load(path) as case:
            return dict(case)

    return read


@pytest.fixture(scope="session")
def failures():
    """Return a function that compares a system's operations with a case and returns what fails."""

    def compared(case, seed, system, operations):
        ours = operations.arrays(case, seed)
        results = case.keys() - operations.inputs(case)
        assert ours.keys() == results
        comparisons = [compare(name, system, case[name], ours[name]) for name in sorted(results)]
        return [comparison for comparison in comparisons if not comparison.passed]

    return compared
