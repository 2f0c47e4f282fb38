from dataclasses import replace

import numpy as np
import pytest

from offline.metrics.protocols import OMEGANET_SEMANTICS, PROTOCOLS, SGDEPTH_SEMANTICS
from offline.metrics.semantics import (
    SemanticsProtocol,
    conclude_semantics,
    confusion_matrix,
    labels_at_truth,
)
from scene_perception.cityscapes import CLASSES

PLAIN = SemanticsProtocol()
SEMSEG = PROTOCOLS["semseg"].semantics
EXACT = 1e-6


def row(*values):
    return np.array([values], np.uint8)


def pooled(truths, labels, protocol, kind="label_ids"):
    pairs = zip(truths, labels, strict=True)
    return sum(confusion_matrix(truth, label, protocol, kind=kind) for truth, label in pairs)


def numbered(case, name):
    return [case[f"{name}_{i}"] for i in range(3)]


def class_iou(scores, names):
    return [scores.get(f"iou_{name.replace(' ', '_')}", np.nan) for name in names]


@pytest.mark.parametrize("table", ["kitti", "cityscapes_crop"])
@pytest.mark.parametrize(("truth", "kind"), [("gt_id", "label_ids"), ("gt_trainid", "labels")])
def test_omeganet_s_evaluator_gives_the_same_numbers(golden, table, truth, kind):
    protocol = PROTOCOLS["omeganet"].semantics_variants.get(table, OMEGANET_SEMANTICS)
    case = golden("omeganet_semantic")
    truths = numbered(golden("inputs_segmentation"), truth)
    confusion = pooled(truths, numbered(case, "pred_trainid_with_ignore"), protocol, kind)
    np.testing.assert_array_equal(confusion, case[f"{table}_confusion"])
    scores = conclude_semantics(confusion, protocol)
    ours = [scores[name] for name in ("miou", "category_miou", "pixel_accuracy")]
    np.testing.assert_allclose(ours, case[f"{table}_scores"], rtol=EXACT)
    ours = class_iou(scores, [entry.name for entry in CLASSES])
    np.testing.assert_allclose(ours, case[f"{table}_class_iou"], atol=5e-9)  # eight digits


def test_sgdepth_s_evaluator_gives_the_same_numbers(golden):
    case, truths = golden("sgdepth_segmentation"), golden("inputs_segmentation")
    labels = [labels_at_truth(case[f"logits_{i}"], (48, 96), SGDEPTH_SEMANTICS) for i in range(3)]
    np.testing.assert_array_equal(labels, numbered(case, "pred_upsampled"))
    confusion = pooled(numbered(truths, "gt_trainid"), labels, SGDEPTH_SEMANTICS, "labels")
    np.testing.assert_array_equal(confusion, case["confusion"])
    scores = conclude_semantics(confusion, SGDEPTH_SEMANTICS)
    names = ("miou", "pixel_accuracy", "mean_accuracy", "fw_iou", "mean_precision")
    np.testing.assert_allclose([scores[name] for name in names], case["scores"], rtol=EXACT)
    ours = class_iou(scores, [*(entry.name for entry in CLASSES), "void"])
    np.testing.assert_allclose(ours, case["class_iou"], rtol=EXACT)


def test_semseg_s_evaluator_gives_the_same_numbers(golden):
    case, maps = golden("semseg_segmentation"), golden("inputs_segmentation")
    confusion = pooled(numbered(maps, "gt_id"), numbered(maps, "pred_trainid"), SEMSEG)
    np.testing.assert_array_equal(confusion, case["confusion"])
    scores = conclude_semantics(confusion, SEMSEG)
    names = ("pixel_accuracy", "mean_accuracy", "fw_iou", "miou")
    np.testing.assert_allclose([scores[name] for name in names], case["scores"], rtol=EXACT)


def test_scores_of_four_pixels_worked_by_hand():
    truth, labels = row(0, 0, 0, 13), row(0, 0, 13, 8)
    scores = conclude_semantics(confusion_matrix(truth, labels, PLAIN, kind="labels"), PLAIN)
    assert scores == {
        "miou": pytest.approx((2 / 3 + 0 + 0) / 3),  # vegetation is only predicted: 0, counted
        "category_miou": pytest.approx((2 / 3 + 0 + 0) / 3),
        "pixel_accuracy": 0.5,
        "mean_accuracy": pytest.approx((2 / 3 + 0) / 2),
        "fw_iou": pytest.approx(3 / 4 * 2 / 3),
        "mean_precision": pytest.approx((1 + 0 + 0) / 3),
        "iou_road": pytest.approx(2 / 3),
        "iou_vegetation": 0,
        "iou_car": 0,
    }


def test_categories_join_classes():
    truth, labels = row(0, 1, 11, 13), row(1, 0, 12, 18)
    scores = conclude_semantics(confusion_matrix(truth, labels, PLAIN, kind="labels"), PLAIN)
    assert (scores["miou"], scores["category_miou"]) == (0, 1)


def test_void_of_the_truth_is_not_counted():
    confusion = confusion_matrix(row(255, 250, 0), row(3, 3, 3), PLAIN, kind="labels")
    assert confusion.sum() == confusion[0, 3] == 1


@pytest.mark.parametrize(("rule", "pixels"), [("road", 2), ("dropped", 1)])
def test_void_of_a_prediction_is_road_or_not_counted(rule, pixels):
    protocol = SemanticsProtocol(void_prediction=rule)
    confusion = confusion_matrix(row(2, 2), row(255, 2), protocol, kind="labels")
    assert (confusion.sum(), confusion[2, 0]) == (pixels, pixels - 1)


@pytest.mark.parametrize(("rule", "pixels"), [("void", 1), ("nearest", 2)])
def test_unknown_id_is_void_or_sgdepth_s_bicycle(rule, pixels):
    protocol = SemanticsProtocol(unknown_ids=rule)
    confusion = confusion_matrix(row(255, 33), row(18, 18), protocol)
    assert confusion[18, 18] == confusion.sum() == pixels


def test_sgdepth_s_own_void_counts_once_it_is_predicted():
    confusion = confusion_matrix(row(0, 0), row(0, 19), SGDEPTH_SEMANTICS, kind="labels")
    scores = conclude_semantics(confusion, SGDEPTH_SEMANTICS)
    assert (scores["miou"], scores["iou_void"]) == (0.25, 0)
    assert "category_miou" not in scores


def test_upper_four_fifths_are_stretched():
    truth = np.repeat(np.arange(5, dtype=np.uint8), 2)[:, None]
    protocol = SemanticsProtocol(top_four_fifths=True)
    labels = np.array([0, 0, 0, 1, 1, 2, 2, 2, 3, 3], np.uint8)[:, None]  # floor(0.8 row) / 2
    confusion = confusion_matrix(truth, labels, protocol, kind="labels")
    assert np.diag(confusion)[:4].tolist() == [3, 2, 3, 2]


def test_truth_is_shrunk_at_pixel_centres():
    truth = np.arange(6, dtype=np.uint8)[None].repeat(2, axis=0)
    confusion = confusion_matrix(truth, row(1, 3, 5), SEMSEG, kind="labels")
    assert np.diag(confusion)[[1, 3, 5]].tolist() == [1, 1, 1]


def test_truth_is_shrunk_at_centres_that_pil_adds_up():
    truth = np.arange(476)[None].astype(np.uint16) % 19  # 210 steps of 34 / 15 fall short of 17
    labels = row(*range(210)) % 19
    confusion = confusion_matrix(truth.astype(np.uint8), labels, SEMSEG, kind="labels")
    assert (confusion[16, 7], confusion[17, 7]) == (1, 0)


def test_counts_are_64_bit_integers():
    assert confusion_matrix(row(0), row(0), PLAIN, kind="labels").dtype == np.int64


LOGITS = np.array([[[0.0, 3.0]], [[2.0, 0.0]]], np.float32)  # class 1, then class 0


@pytest.mark.parametrize(
    ("protocol", "labels"),
    [
        (OMEGANET_SEMANTICS, [1, 0, 0, 0]),  # between them 1.5 against 1
        (SGDEPTH_SEMANTICS, [1, 1, 0, 0]),
        (SEMSEG, [1, 0]),
    ],
)
def test_logits_become_labels_where_the_protocol_compares(protocol, labels):
    found = labels_at_truth(LOGITS, (1, 4), protocol)
    assert found.dtype == np.uint8
    assert found.tolist() == [labels]


def test_nan_of_a_prediction_is_refused_with_its_count():
    logits = LOGITS.copy()
    logits[0, 0, 1] = np.nan
    with pytest.raises(ValueError, match="logits must be numbers, got NaN at 1 of 2 pixels"):
        labels_at_truth(logits, (1, 4), PLAIN)


def test_logits_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"logits must be \(C, h, w\) .* got \(3, 4\)"):
        labels_at_truth(np.zeros((3, 4)), (3, 4), PLAIN)


def test_other_size_is_refused_with_both_sizes():
    with pytest.raises(ValueError, match=r"labels must be \(1, 2\) as .* got \(1, 3\)"):
        confusion_matrix(row(0, 0), row(0, 0, 0), PLAIN)


def test_truth_without_a_class_is_refused():
    with pytest.raises(ValueError, match="void at every pixel"):
        confusion_matrix(row(255), row(0), PLAIN, kind="labels")


def test_unknown_kind_of_truth_is_refused():
    with pytest.raises(ValueError, match="must be one of label_ids, labels, got 'colours'"):
        confusion_matrix(row(0), row(0), PLAIN, kind="colours")


def test_matrix_of_another_size_or_without_pixels_is_refused():
    with pytest.raises(ValueError, match=r"must be 19 x 19 .* got \(20, 20\)"):
        conclude_semantics(np.ones((20, 20), np.int64), PLAIN)
    with pytest.raises(ValueError, match="with 0"):
        conclude_semantics(np.zeros((19, 19), np.int64), PLAIN)


@pytest.mark.parametrize("name", ["resize", "unknown_ids", "void_prediction"])
def test_unknown_choice_is_refused_with_those_that_exist(name):
    with pytest.raises(ValueError, match=rf"{name} must be one of .*, got 'surprise'"):
        SemanticsProtocol(**{name: "surprise"})


def test_words_tell_every_setting():
    words = replace(SGDEPTH_SEMANTICS, top_four_fifths=True, void_prediction="road").words()
    for told in ("20 classes", "nearest id", "four fifths", "labels resized", "is road", "pooled"):
        assert told in words
