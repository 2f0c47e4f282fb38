import numpy as np
import pytest

from offline.golden.depth_metrics import arrays, inputs


def test_predictions_and_scans_are_given():
    case = dict.fromkeys(("gt_depth_0", "velo_0", "calib_2011_09_26_T", "metrics", "pred_sigmoid"))
    assert inputs(case) == {"velo_0", "calib_2011_09_26_T", "pred_sigmoid"}


def test_what_was_evaluated_must_be_beside_the_case():
    with pytest.raises(ValueError, match=r"case needs files, sizes, .* of inputs_kitti_raw.npz"):
        arrays({"gt_depth_0": np.zeros((2, 2))}, 10)


def test_case_of_another_kind_has_neither_inputs_nor_arrays():
    assert not inputs({"disp_0": np.zeros(1)})
    assert not arrays({"disp_0": np.zeros(1)}, 10)
