"""The case is the shared one without its large arrays.

A process of its own computes it: convolutions must round as the published ones did.
"""

import subprocess
import sys

import pytest

from offline.golden import insta_dm_training


@pytest.fixture(scope="module")
def path(repository):
    return repository / "test/data/insta_dm/train_step_10.npz"


def test_losses_and_gradients_agree_with_the_published_code(path, repository):
    variables = path.with_name("variables.json")
    command = [sys.executable, "-m", "offline.parity", "insta_dm", path, "--variables", variables]
    run = subprocess.run(command, capture_output=True, text=True, cwd=repository, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "losses" in run.stdout


def test_what_is_given_is_no_result(path, read_case):
    case = read_case(path)
    given = insta_dm_training.inputs(case)
    assert {"K", "inst_target_prev", "inst_ref_next", "grad_names_obj"} < given
    assert "losses" not in given


def test_another_case_is_none_of_a_step():
    assert insta_dm_training.inputs({"K": 0, "depth_target": 0}) == set()
    assert not insta_dm_training.is_step({"losses": 0})


def test_a_step_without_variables_is_refused(path, read_case):
    with pytest.raises(ValueError, match="--variables"):
        insta_dm_training.arrays(read_case(path), {}, 10)
