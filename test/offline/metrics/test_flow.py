import pickle
from dataclasses import replace

import numpy as np
import pytest

from offline.kitti_files import decode_flow
from offline.metrics.flow import (
    FlowProtocol,
    conclude_flow,
    end_point_error,
    flow_at_truth,
    score_flow,
)
from offline.metrics.protocols import OMEGANET_FLOW

POOLED = FlowProtocol()
KNOWN = np.ones((1, 4), bool)


def field(*us):
    return np.array([[(u, 0.0) for u in us]], np.float32)


@pytest.mark.parametrize("pixels", ["noc", "occ"])
def test_omeganet_s_evaluator_gives_the_same_numbers(golden, pixels):
    case = golden("omeganet_flow")
    scores = []
    for frame in range(3):
        truth, known = decode_flow(case[f"gt_{pixels}_png_{frame}"])
        flow = decode_flow(case[f"pred_png_{frame}"])[0]
        np.testing.assert_array_equal(flow, case[f"pred_decoded_{frame}"])
        scores.append(score_flow(flow, truth, known, None, OMEGANET_FLOW))
        alone = conclude_flow(scores[-1:], OMEGANET_FLOW)
        assert alone["epe"] == pytest.approx(case[f"{pixels}_epe"][frame], rel=1e-12)
        inlier = case[f"{pixels}_inlier"][frame]
        assert alone["fl_all"] == pytest.approx(100 * (1 - inlier), rel=1e-12)
    means = conclude_flow(scores, OMEGANET_FLOW)
    assert means["epe"] == pytest.approx(float(case[f"mean_{pixels}_epe"]), rel=1e-12)
    assert means["fl_all"] == pytest.approx(float(case[f"f1_{pixels}_percent"]), rel=1e-12)


@pytest.mark.parametrize("frame", range(3))
def test_prediction_is_cut_off_by_the_png(golden, frame):
    case = golden("omeganet_flow")
    flow = flow_at_truth(case[f"pred_float_{frame}"], (48, 96), OMEGANET_FLOW)
    # The case's flow was double; stored as single, one value in 27648 crosses a step.
    assert np.count_nonzero(flow != case[f"pred_decoded_{frame}"]) <= 1


def test_omeganet_scales_both_components_by_the_widths():
    flow = np.ones((192, 640, 2), np.float32)
    rules = replace(OMEGANET_FLOW, through_png=False)
    scaled = flow_at_truth(flow, (375, 1242), rules)
    np.testing.assert_allclose(scaled, 1242 / 640, rtol=1e-6)
    own = flow_at_truth(flow, (375, 1242), replace(rules, width_scales_both=False))
    np.testing.assert_allclose(own[..., 1], 375 / 192, rtol=1e-6)


def test_values_are_cut_off_towards_minus_512_px():
    flow = flow_at_truth(field(1 / 64 - 1e-4, -1e-4), (1, 2), POOLED)
    assert flow[0, :, 0].tolist() == [0, -1 / 64]


@pytest.mark.parametrize(
    ("resize", "expected"), [("tensorflow", [0, 2, 4, 4]), ("torch", [0, 1, 3, 4])]
)
def test_resizing_rules_differ(resize, expected):
    rules = FlowProtocol(resize=resize)
    assert flow_at_truth(field(0, 2), (1, 4), rules)[0, :, 0].tolist() == expected


def test_pixels_or_images_are_averaged():
    images = [
        score_flow(field(0, 0, 0, 0), field(0, 0, 0, 10), KNOWN, None, POOLED),
        score_flow(
            field(0, 0, 0, 0),
            field(6, 0, 0, 0),
            np.array([[True, False, False, False]]),
            None,
            POOLED,
        ),
    ]
    pooled = conclude_flow(images, POOLED)
    assert (pooled["epe"], pooled["fl_all"]) == (16 / 5, 40.0)
    means = conclude_flow(images, replace(POOLED, average="images"))
    assert (means["epe"], means["fl_all"]) == ((10 / 4 + 6) / 2, (25 + 100) / 2)
    assert (means["pixels"], means["frames"]) == (5, 2)


def test_object_map_tells_background_from_foreground():
    objects = np.array([[0, 0, 1, 7]])
    score = score_flow(field(9, 0, 9, 9), field(0, 0, 0, 0), KNOWN, objects, POOLED)
    figures = conclude_flow([score], POOLED)
    assert (figures["fl_bg"], figures["fl_fg"], figures["fl_all"]) == (50, 100, 75)


@pytest.mark.parametrize("average", ["images", "pixels"])
def test_images_without_objects_have_no_share_in_the_foreground(average):
    rules = FlowProtocol(average=average)
    wrong, truth = field(9, 9, 9, 9), field(0, 0, 0, 0)
    static, moving = np.zeros((1, 4)), np.ones((1, 4))
    alone = score_flow(wrong, truth, KNOWN, static, rules)
    assert "fl_fg" not in conclude_flow([alone], rules)
    both = [alone, score_flow(truth, truth, KNOWN, moving, rules)]
    assert conclude_flow(both, rules)["fl_fg"] == 0
    assert conclude_flow(both, rules)["fl_bg"] == 100


def test_without_an_object_map_there_is_neither():
    figures = conclude_flow([score_flow(field(0), field(0), KNOWN[:, :1], None, POOLED)], POOLED)
    assert set(figures) == {"epe", "fl_all", "pixels", "frames"}


def test_score_survives_the_way_between_processes():
    score = score_flow(field(0), field(1), KNOWN[:, :1], None, POOLED)
    assert pickle.loads(pickle.dumps(score)) == score


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_dwarf_s_own_helper_gives_the_same_numbers(whole_golden, channels):
    case = whole_golden("dwarf_sceneflow")
    kind = f"{channels}ch"
    figures = end_point_error(case[f"helper_pred_{kind}"], case[f"helper_gt_{kind}"])
    assert figures["epe"] == pytest.approx(float(case[f"helper_epe_{kind}"]), rel=1e-6)
    expected = float(case[f"helper_outlier_percent_{kind}"])
    assert figures["outliers"] == pytest.approx(expected, rel=1e-12)


def test_dwarf_s_own_helper_counts_3_px_as_an_outlier():
    figures = end_point_error(field(3, 2.9), field(0, 0))
    assert figures == {"epe": pytest.approx(2.95), "outliers": 50.0}


def test_nan_of_a_prediction_is_refused_with_its_count():
    flow = field(np.nan, 0, np.nan)
    with pytest.raises(
        ValueError, match="flow must be numbers, got NaN or infinity at 2 of 3 pixels"
    ):
        flow_at_truth(flow, (1, 3), POOLED)
    with pytest.raises(
        ValueError, match="flow must be numbers, got NaN or infinity at 2 of 3 pixels"
    ):
        score_flow(flow, field(0, 0, 0), KNOWN[:, :3], None, POOLED)
    with pytest.raises(ValueError, match="prediction must be numbers"):
        end_point_error(flow, field(0, 0, 0))


def test_other_sizes_are_refused_with_both():
    with pytest.raises(ValueError, match=r"flow must be \(1, 4, 2\) as .* got \(1, 2, 2\)"):
        score_flow(field(0, 0), field(0, 0, 0, 0), KNOWN, None, POOLED)
    with pytest.raises(ValueError, match=r"object map must be \(1, 4\) as .* got \(4, 1\)"):
        score_flow(field(0, 0, 0, 0), field(0, 0, 0, 0), KNOWN, np.zeros((4, 1)), POOLED)
    with pytest.raises(ValueError, match=r"flow must be \(h, w, 2\), got \(3, 4\)"):
        flow_at_truth(np.zeros((3, 4)), (3, 4), POOLED)


def test_truth_without_a_known_pixel_is_refused():
    with pytest.raises(ValueError, match="true flow must be known somewhere"):
        score_flow(field(0), field(0), np.zeros((1, 1), bool), None, POOLED)


def test_no_scores_have_no_mean():
    with pytest.raises(ValueError, match="scores must be at least one, got none"):
        conclude_flow([], POOLED)


@pytest.mark.parametrize("name", ["resize", "average"])
def test_unknown_choice_is_refused_with_those_that_exist(name):
    with pytest.raises(ValueError, match=f"{name} must be one of .*, got 'surprise'"):
        FlowProtocol(**{name: "surprise"})


def test_words_tell_every_setting():
    words = OMEGANET_FLOW.words()
    for told in ("tensorflow", "ratio of the widths", "1/64", "1e-05", "double", "over images"):
        assert told in words
