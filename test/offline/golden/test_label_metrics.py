import numpy as np
import pytest

from offline.golden.label_metrics import arrays, inputs


def test_labels_and_logits_are_given():
    case = dict.fromkeys(("confusion", "gt_id_0", "logits_2", "scores", "pred_upsampled_0"))
    assert inputs(case) == {"gt_id_0", "logits_2"}


def test_what_was_evaluated_must_be_beside_the_case():
    with pytest.raises(ValueError, match=r"case needs gt_trainid_0 .* of inputs_segmentation.npz"):
        arrays({"confusion": np.zeros((19, 19))}, 10)


def test_image_of_one_class_has_a_single_intersection_over_union():
    blank = np.zeros((2, 2), np.uint8)
    found = blank.copy()
    found[0, 0] = 255
    case = {"pred_png_0": blank, "pred_png_1": found, "per_image": np.zeros((2, 6))}
    per_image = arrays({**case, "obj_map_0": blank, "obj_map_1": blank}, 10)["per_image"]
    np.testing.assert_array_equal(per_image[:, 4:], [[1, np.nan], [0.75, 0]])


def test_case_of_another_kind_has_neither_inputs_nor_arrays():
    assert not inputs({"disp_0": np.zeros(1)})
    assert not arrays({"disp_0": np.zeros(1)}, 10)
