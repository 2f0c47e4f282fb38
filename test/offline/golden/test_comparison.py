import numpy as np
import pytest

from offline.golden.comparison import compare, tolerances


def test_absolute_error_at_the_limit_passes_and_beyond_fails():
    golden = np.array([1.0, 2.0], np.float64)
    assert compare("disp", "omeganet", golden, golden + 1.9e-5).passed
    assert not compare("disp", "omeganet", golden, golden + 2.1e-5).passed


def test_error_of_range_divides_by_the_golden_range():
    result = compare("feat", "omeganet", np.array([0.0, 10.0]), np.array([0.0, 10.01]))
    assert result.measure == "range"
    assert result.relative == pytest.approx(1e-3)
    assert not result.passed


def test_constant_array_without_error_passes():
    assert compare("feat", "omeganet", np.ones(3), np.ones(3)).passed


def test_constant_array_with_an_error_fails():
    assert not compare("feat", "omeganet", np.ones(3), np.ones(3) + 1e-9).passed


def test_half_precision_forgives_rounding_and_no_more():
    golden = np.array([2.0], np.float16)  # neighbours are 1/512 apart
    assert compare("semantic_logits", "omeganet", golden, np.array([2.0 + 1 / 1024])).passed
    assert not compare("semantic_logits", "omeganet", golden, np.array([2.0 + 1 / 900])).passed


def test_error_of_an_element_divides_by_its_own_magnitude():
    golden = np.array([1000.0, -0.5, 0.0])
    passing = compare("loss_per_scale", "sgdepth", golden, np.array([1000.0, -0.5000049, 0.0]))
    assert passing.measure == "element"
    assert passing.passed
    assert not compare("loss_per_scale", "sgdepth", golden, np.array([1e3, -0.500006, 0])).passed
    assert not compare("loss_per_scale", "sgdepth", golden, np.array([1e3, -0.5, 1e-12])).passed
    assert not compare("loss_depth", "sgdepth", np.array(1.0), np.array(np.nan)).passed


@pytest.mark.parametrize("sign", [1, -1])
def test_half_precision_is_coarser_away_from_zero_at_powers_of_two(sign):
    golden = np.array([sign * 8.0], np.float16)  # the next larger magnitude is 1/128 away
    assert compare("semantic_logits", "omeganet", golden, golden + sign / 257).passed


def test_agreement_counts_equal_elements():
    golden, ours = np.zeros(1000), np.zeros(1000)
    ours[0] = 1
    assert compare("semantic_labels", "omeganet", golden, ours).passed
    ours[1] = 1
    assert not compare("semantic_labels", "omeganet", golden, ours).passed


def test_nan_never_passes():
    assert not compare("disp", "omeganet", np.ones(2), np.array([1.0, np.nan])).passed
    assert not compare("semantic_logits", "omeganet", np.ones(1), np.array([np.nan])).passed


def test_nan_where_the_case_has_one_is_no_error():
    golden = np.array([0.5, np.nan])
    assert compare("assoc_iou_01", "insta_dm", golden, golden).passed
    assert not compare("assoc_iou_01", "insta_dm", golden, np.array([np.nan, np.nan])).passed


def test_close_counts_elements_beyond_the_share_of_the_range():
    golden = np.linspace(0, 10, 10000)
    few, many = golden.copy(), golden.copy()
    few[:5] += 0.2  # 99.95 % are near
    many[:6] += 0.2
    result = compare("ego_warped_ref_depth_prev", "insta_dm", golden, few + 0.9e-3)
    assert (result.measure, result.error) == ("close", 99.95)
    assert result.passed
    assert not compare("ego_warped_ref_depth_prev", "insta_dm", golden, many).passed


def test_other_shape_fails_and_both_are_named():
    result = compare("disp", "omeganet", np.zeros((2, 3)), np.zeros((3, 2)))
    assert not result.passed
    assert result.problem == "shape must be (2, 3), got (3, 2)"


def test_every_model_has_a_rule_for_any_array():
    assert all(rules[-1]["arrays"] == ["*"] for rules in tolerances().values())
