from collections.abc import Callable, Mapping

import numpy as np
import pytest

Case = Mapping[str, np.ndarray]


@pytest.fixture(scope="session")
def golden(repository) -> Callable[[str], Case]:
    """A published evaluator's inputs and numbers, some of the frames."""
    return lambda name: np.load(repository / "test/data/metrics" / f"{name}.npz")


@pytest.fixture(scope="session")
def whole_golden(shared) -> Callable[[str], Case]:
    """The same of all frames."""
    folder = shared / "golden/metrics"
    if not folder.is_dir():
        pytest.skip("needs ../shared/golden/metrics")
    return lambda name: np.load(folder / f"{name}.npz")


@pytest.fixture(params=["golden", "whole_golden"])
def published(request) -> Callable[[str], Case]:
    """Both of the above, the second where it is there."""
    return request.getfixturevalue(request.param)
