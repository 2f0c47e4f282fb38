import numpy as np

from offline.golden.motion_metrics import arrays, inputs


def test_maps_in_files_are_given():
    given = {"pred_disp_0_png_0", "disp_occ_1_png_0", "flow_noc_png_0", "obj_map_0"}
    assert inputs(dict.fromkeys({*given, "stats_disp_occ_0", "helper_epe_1ch"})) == given


def test_case_of_another_kind_has_neither_inputs_nor_arrays():
    assert not inputs({"disp_0": np.zeros(1)})
    assert not arrays({"disp_0": np.zeros(1)}, 10)
