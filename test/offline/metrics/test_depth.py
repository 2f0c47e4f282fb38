import pickle
from dataclasses import replace

import numpy as np
import pytest

from offline.metrics.depth import (
    METRICS,
    common_factor,
    depth_at_truth,
    depth_ratio,
    mean_depth,
    score_depth,
)
from offline.metrics.depth_protocol import DepthProtocol
from offline.metrics.protocols import (
    INSTA_DM_DEPTH,
    INSTA_DM_TRAINING,
    OMEGANET_DEPTH,
    PROTOCOLS,
    SEMSEG_DEPTH,
    SGDEPTH_DEPTH,
)

WHOLE = DepthProtocol(crop="none", scaling="none", double_precision=True)
EXACT = 1e-6


def truths_of(case, name="gt_depth"):
    return [case[f"{name}_{i}"] for i in range(4) if f"{name}_{i}" in case.files]


def check(scores, case, protocol, suffix=""):
    """Compare with a published evaluator, the mean too where all frames are there."""
    ours = [[getattr(score, name) for name in METRICS] for score in scores]
    published = case[f"metrics{suffix}"]
    np.testing.assert_allclose(ours, published[: len(ours)], rtol=EXACT)
    if len(scores) == len(published):
        means = mean_depth(scores, protocol)
        expected = case[f"mean{suffix}"]
        np.testing.assert_allclose([means[name] for name in METRICS], expected, rtol=EXACT)


def score_all(inverse_depths, truths, protocol):
    return [
        score_depth(depth_at_truth(inverse_depth, truth.shape, protocol), truth, protocol)
        for inverse_depth, truth in zip(inverse_depths, truths, strict=False)
    ]


def test_omeganet_s_evaluator_gives_the_same_numbers(published):
    case, raw = published("omeganet_depth"), published("inputs_kitti_raw")
    predictions = truths_of(raw, "pred_inverse_depth_fullres")
    check(score_all(predictions, truths_of(case), OMEGANET_DEPTH), case, OMEGANET_DEPTH)


def test_insta_dm_s_evaluator_gives_the_same_numbers(published):
    case, raw = published("instadm_depth"), published("inputs_kitti_raw")
    scores = score_all(1 / raw["pred_depth"], truths_of(case), INSTA_DM_DEPTH)
    check(scores, case, INSTA_DM_DEPTH)


def test_semseg_s_evaluator_gives_the_same_numbers(published):
    case, raw = published("semseg_depth"), published("inputs_kitti_raw")
    scores = score_all(1 / raw["pred_depth"], truths_of(case), SEMSEG_DEPTH)
    check(scores, case, SEMSEG_DEPTH)


@pytest.mark.parametrize("variant", ["", "_cityscapes"])
@pytest.mark.parametrize("suffix", ["", "_first_batch"])
def test_semseg_s_running_score_is_a_mean_over_batches(golden, variant, suffix):
    case = golden("semseg_depth")
    protocol = replace(PROTOCOLS["semseg"].depth_variants[f"running{variant}"], batch_size=2)
    frames = (0, 1) if suffix else (0, 1, 0)
    scores = [score_depth(case["running_pred"][i], case[f"gt_depth_{i}"], protocol) for i in frames]
    means = mean_depth(scores, protocol)
    ours = [means[name] for name in case["running_names"]]
    expected = case[f"running{variant or '_kitti'}{suffix}"]
    np.testing.assert_allclose(ours, expected, rtol=EXACT)


@pytest.mark.parametrize("mask", ["eigen_crop", "all_positive"])
@pytest.mark.parametrize(("scaling", "factor"), [("median", 1.0), ("fixed", 33.0)])
def test_sgdepth_s_evaluator_gives_the_same_numbers(published, mask, scaling, factor):
    case, raw = published("sgdepth_depth"), published("inputs_kitti_raw")
    system = PROTOCOLS["sgdepth"]
    rules = SGDEPTH_DEPTH if mask == "eigen_crop" else system.depth_variants["kitti2015"]
    protocol = replace(rules, scaling=scaling, factor=factor)
    truths = [(png / 256).astype(np.float32) for png in truths_of(case, "gt_depth_png")]
    inverse_depths = 1 / 100 + (1 / 0.1 - 1 / 100) * raw["pred_sigmoid"]
    scores = score_all(inverse_depths, truths, protocol)
    suffix = f"_{'median' if scaling == 'median' else 'fixed33'}_{mask}"
    check(scores, case, protocol, suffix)
    ratios = [score.scale for score in scores]
    np.testing.assert_allclose(ratios, case[f"ratios{suffix}"][: len(ratios)], rtol=EXACT)


def test_seven_numbers_of_two_pixels_worked_by_hand():
    truth = np.array([[4.0, 10.0, 0.0]])  # 0: not measured
    score = score_depth(np.array([[5.0, 8.0, 3.0]]), truth, WHOLE)
    assert score.abs_rel == pytest.approx((1 / 4 + 2 / 10) / 2)
    assert score.sq_rel == pytest.approx((1 / 4 + 4 / 10) / 2)
    assert score.rmse == pytest.approx(np.sqrt((1 + 4) / 2))
    assert score.rmse_log == pytest.approx(np.log(1.25))
    assert (score.a1, score.a2, score.a3) == (0, 1, 1)  # exactly 1.25 is not below it
    assert (score.abs_diff, score.pixels, score.scale) == (1.5, 2, 1)


def test_caps_of_the_truth_are_exclusive():
    truth = np.array([[1e-3, 80.0, 2.0]], np.float32)
    assert score_depth(np.full((1, 3), 2.0), truth, WHOLE).pixels == 1


def test_clipping_comes_after_median_scaling():
    truth = np.array([[10.0, 20.0, 70.0]])
    depth = np.array([[1.0, 2.0, 9.0]])  # times 10 is 10, 20, 90
    score = score_depth(depth, truth, replace(WHOLE, scaling="median"))
    assert score.scale == 10
    assert score.abs_diff == pytest.approx(10 / 3)


def test_clipping_before_leaves_what_scaling_makes_of_it():
    truth = np.array([[10.0, 20.0, 70.0]])
    protocol = replace(WHOLE, scaling="median", out_of_range="clip_before_scaling", max_depth=8)
    score = score_depth(np.array([[1.0, 2.0, 9.0]]), truth, protocol)
    assert score.abs_diff == pytest.approx((80 - 70) / 3)


def test_dropped_predictions_leave_the_rest():
    protocol = replace(WHOLE, out_of_range="drop", min_depth=0)
    score = score_depth(np.array([[0.0, 80.0, 3.0]]), np.full((1, 3), 2.0), protocol)
    assert (score.pixels, score.abs_diff) == (1, 1.0)


def test_lower_median_takes_no_mean_of_two():
    truth, depth = np.array([[2.0, 6.0]]), np.array([[1.0, 2.0]])
    assert depth_ratio(depth, truth, replace(WHOLE, lower_median=True)) == 2
    assert depth_ratio(depth, truth, WHOLE) == pytest.approx(4 / 1.5)


def test_factor_takes_the_place_of_scaling():
    truth = np.full((1, 2), 6.0)
    assert score_depth(np.full((1, 2), 2.0), truth, WHOLE, factor=3).abs_diff == 0
    with pytest.raises(ValueError, match="factor must be given where a protocol scales by seq"):
        score_depth(truth, truth, replace(WHOLE, scaling="sequence"))
    with pytest.raises(ValueError, match="factor must be positive and finite, got nan"):
        score_depth(truth, truth, WHOLE, factor=np.nan)


def test_first_image_s_ratio_serves_insta_dm_s_training_batch():
    first, second = np.full((10, 10), 2.0), np.full((10, 10), 8.0)
    factor = depth_ratio(first, 2 * first, INSTA_DM_TRAINING)
    scores = [
        score_depth(depth, 2 * first, INSTA_DM_TRAINING, factor=factor) for depth in (first, second)
    ]
    assert [score.abs_diff for score in scores] == [0, 12]


def test_common_factor_is_the_median_of_the_first_quarter():
    assert common_factor([3, 1, 2, 50, 60, 70, 80, 90, 5, 5, 5, 5], 0.25) == 2
    with pytest.raises(ValueError, match="ratios must be at least 4, got 3"):
        common_factor([1, 2, 3], 0.25)


def test_every_image_counts_the_same():
    truth = np.array([[1.0, 1.0], [1.0, 0.0]])
    scores = [score_depth(np.full((2, 2), 2.0), truth, WHOLE)]
    truth[0] = truth[1] = 0
    truth[0, 0] = 1
    scores.append(score_depth(np.full((2, 2), 4.0), truth, WHOLE))
    means = mean_depth(scores)
    assert (means["abs_rel"], means["frames"]) == (2.0, 2.0)


def test_scales_are_summed_up_as_sgdepth_prints_them():
    scores = [
        score_depth(np.full((1, 1), d), np.full((1, 1), 6.0), replace(WHOLE, scaling="median"))
        for d in (1.0, 2.0, 3.0)
    ]
    means = mean_depth(scores)
    assert means["scale_median"] == 3
    assert means["scale_std"] == pytest.approx(np.std([6 / 3, 3 / 3, 2 / 3]))


def test_score_survives_the_way_between_processes():
    score = score_depth(np.ones((1, 1)), np.ones((1, 1)), WHOLE)
    assert pickle.loads(pickle.dumps(score)) == score


def test_omeganet_s_inverse_depth_of_zero_is_depth_zero():
    inverse_depth = np.array([[0.0, 2.0]], np.float32)
    assert depth_at_truth(inverse_depth, (1, 2), OMEGANET_DEPTH).tolist() == [[0.0, 0.5]]
    assert np.isinf(depth_at_truth(inverse_depth, (1, 2), INSTA_DM_DEPTH)[0, 0])


@pytest.mark.parametrize(("protocol", "middle"), [(SGDEPTH_DEPTH, 1 / 1.5), (INSTA_DM_DEPTH, 0.75)])
def test_inverse_depth_or_depth_is_resized(protocol, middle):
    resized = depth_at_truth(np.array([[1.0, 2.0]], np.float32), (1, 1), protocol)
    assert resized[0, 0] == pytest.approx(middle)


def test_nan_of_a_prediction_is_refused_with_its_count():
    depth = np.ones((2, 3))
    depth[0, :2] = np.nan
    with pytest.raises(ValueError, match="depth must be numbers, got NaN at 2 of 6 pixels"):
        score_depth(depth, np.ones((2, 3)), WHOLE)


def test_other_size_is_refused_with_both_sizes():
    with pytest.raises(ValueError, match=r"depth must be \(3, 2\) as its .* got \(2, 3\)"):
        score_depth(np.ones((2, 3)), np.ones((3, 2)), WHOLE)


def test_truth_without_a_valid_pixel_is_refused():
    with pytest.raises(ValueError, match=r"between 0.001 and 80 m in the crop 'none', got none"):
        score_depth(np.ones((2, 3)), np.zeros((2, 3)), WHOLE)


def test_prediction_that_is_all_out_of_range_is_refused():
    with pytest.raises(ValueError, match="out of range at every valid pixel"):
        score_depth(np.full((1, 1), 99.0), np.ones((1, 1)), replace(WHOLE, out_of_range="drop"))


@pytest.mark.parametrize("value", [0.0, np.inf])
def test_prediction_without_a_usable_median_is_refused(value):
    with pytest.raises(ValueError, match="median of depth must be positive and finite"):
        depth_ratio(np.full((1, 1), value), np.ones((1, 1)), WHOLE)


def test_no_scores_have_no_mean():
    with pytest.raises(ValueError, match="scores must be at least one, got none"):
        mean_depth([])
