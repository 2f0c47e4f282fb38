import numpy as np
import pytest

from offline.golden.comparison import compare
from offline.golden.sgdepth_losses import arrays, inputs

_CHANNELS_LAST = ("grid_prev", "grid_next", "normals_0")


@pytest.fixture
def case(repository):
    """The published case; of its maps every fourth row and column is kept."""
    with np.load(repository / "test/data/sgdepth/losses.npz") as stored:
        return dict(stored)


@pytest.fixture
def full_case(shared):
    path = shared / "golden/sgdepth/losses.npz"
    if not path.is_file():
        pytest.skip("needs the golden arrays of SGDepth's losses")
    with np.load(path) as stored:
        return dict(stored)


def _thinned(name, array, golden):
    if array.shape == golden.shape:
        return array
    return array[:, ::4, ::4] if name in _CHANNELS_LAST else array[..., ::4, ::4]


def test_every_result_of_the_published_case_is_within_its_limit(case):
    ours = arrays(case, 10)
    results = [name for name in case if name not in inputs(case)]
    assert len(results) == 32
    for name in results:
        comparison = compare(name, "sgdepth", case[name], _thinned(name, ours[name], case[name]))
        assert comparison.passed, comparison


def test_the_whole_published_case_is_within_its_limits(full_case):
    ours = arrays(full_case, 10)
    for name in full_case.keys() - inputs(full_case):
        comparison = compare(name, "sgdepth", full_case[name], ours[name])
        assert comparison.passed, comparison


def test_exact_rays_move_the_losses_by_rounding_alone(case):
    del case["inv_K"]
    ours = arrays(case, 10)
    for name in (name for name in case if name.startswith("loss_")):
        assert compare(name, "sgdepth", case[name], ours[name]).passed, name


def test_variants_combine_as_their_names_say(case):
    both = "loss_depth_avg_reprojection_no_automask"
    ours = arrays({**case, both: np.zeros(())}, 10)
    assert ours[both] == pytest.approx(case["loss_depth_no_automask"], rel=1e-6)


def test_transforms_are_results_beside_the_vectors_they_come_from(case):
    assert "cam_T_cam_prev" not in inputs(case)
    del case["axisangle"]
    assert {"cam_T_cam_prev", "cam_T_cam_next"} <= inputs(case)
    assert "cam_T_cam_prev" not in arrays(case, 10)


def test_parts_of_a_case_are_computed_without_the_rest(case):
    schedule = {name: case[name] for name in ("iou_log", "schedule_epochs")}
    assert inputs(schedule) == schedule.keys()
    assert arrays(schedule, 10).keys() == {"schedule_linear", "schedule_constant"}


def test_a_batch_of_another_size_and_number_is_computed_from_its_own_images():
    eye = np.eye(4, dtype=np.float32)
    camera = np.diag([20.0, 20, 1, 1]).astype(np.float32)
    case = {
        "K": camera,
        "cam_T_cam_prev": eye[None],
        "cam_T_cam_next": eye[None],
        "disp_0": np.full((1, 1, 8, 16), 0.1, np.float32),
        "disp_1": np.full((1, 1, 4, 8), 0.1, np.float32),
    }
    ours = arrays(case, 21)
    assert ours["warped_prev_1"].shape == (1, 3, 8, 16)
    np.testing.assert_allclose(ours["reprojection_0"], ours["identity"], atol=2e-4)
    assert ours["loss_per_scale"].shape == (2,)
    np.testing.assert_allclose(ours["smooth_per_scale"], 0)


@pytest.mark.parametrize("name", ["network", "train_step", "metrics"])
def test_a_case_of_another_kind_has_nothing_of_ours(name, shared):
    path = shared / f"golden/sgdepth/{name}.npz"
    if not path.is_file():
        pytest.skip("needs the golden arrays of SGDepth")
    with np.load(path) as case:
        assert inputs(case) == set()
        assert arrays(case, 10) == {}


def test_inputs_that_do_not_fit_together_are_named(case):
    case["ce_target"] = case["ce_target"][:, 1:]
    with pytest.raises(ValueError, match=r"from ce_logits float32\(2, 20, 12, 40\), ce_target"):
        arrays(case, 10)
