"""The small case was made by the published code as the shared one, at 32x48 from seed 20."""

import numpy as np
import pytest

from offline.golden import insta_dm_losses
from offline.golden.insta_dm_losses import arrays, inputs


@pytest.fixture(scope="module")
def case(repository, read_case):
    return read_case(repository / "test/data/insta_dm/losses_20.npz")


@pytest.fixture(scope="module")
def failing(failures):
    return lambda case, seed: failures(case, seed, "insta_dm", insta_dm_losses)


def test_every_array_agrees_with_the_published_code(case, failing):
    assert failing(case, 20) == []


def test_every_array_of_the_shared_case_agrees(shared, failing, read_case):
    assert failing(read_case(shared / "golden/instadm/losses.npz"), 10) == []


def test_other_images_do_not_agree(case, failing):
    names = {comparison.name for comparison in failing(case, 10)}
    assert {"loss_photo", "loss_total", "ssim", "warped_ref_prev"} <= names
    assert "loss_scale" not in names


def test_association_alone_is_a_case(case, failing):
    part = {name: array for name, array in case.items() if name.startswith("assoc_")}
    assert inputs(part) == {"assoc_seg0", "assoc_seg1", "assoc_flow_f", "assoc_flow_b"}
    assert failing(part, 20) == []


def test_instances_counted_but_absent_give_the_published_nan(case):
    masks = {name: array.copy() for name, array in case.items() if name.startswith("inst_")}
    for array in masks.values():
        array[:, 0], array[:, 1:] = 1, 0
    ours = arrays({**case, **masks}, 20)
    assert np.isnan(ours["loss_scale"])
    assert np.isnan(ours["loss_total"])
    assert np.isfinite(ours["loss_photo"])


def test_a_training_step_is_no_case_of_losses(shared, read_case):
    step = read_case(shared / "golden/instadm/train_step.npz")
    assert arrays(step, 10) == {}
    assert inputs(step) == set()


def test_inputs_of_different_sizes_are_refused(case):
    narrow = {**case, "depth_prev": case["depth_prev"][..., 1:]}
    with pytest.raises(ValueError, match="B, H, W = "):
        arrays(narrow, 20)
