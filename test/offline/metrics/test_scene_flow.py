import json
import pickle
from dataclasses import astuple, replace

import cv2
import numpy as np
import pytest

from offline.kitti_files import decode_disparity, decode_flow, file_name, read_disparity, read_flow
from offline.metrics.outliers import sum_outliers
from offline.metrics.scene_flow import (
    MEASURES,
    SceneFlowMaps,
    conclude_scene_flow,
    count_scene_flow,
    flow_with_holes,
)

NAMES = dict(zip(MEASURES, ("D1", "D2", "Fl", "SF"), strict=True))
HALF_DIGIT = 5.01e-7  # of the six that the kit prints
ORDER = ("bg", "bg_estimated", "fg", "fg_estimated", "all", "all_estimated", "density")
STATIC = np.zeros((1, 3))


def count(folder, index, pixels):
    name = file_name(index)
    disparities = [
        [read_disparity(folder / kind.format(n) / name) for n in (0, 1)]
        for kind in ("prediction/disp_{}", f"gt/disp_{pixels}_{{}}")
    ]
    flows = [
        flow_with_holes(*read_flow(folder / kind / name))
        for kind in ("prediction/flow", f"gt/flow_{pixels}")
    ]
    prediction, truth = (
        SceneFlowMaps(*maps, flow) for maps, flow in zip(disparities, flows, strict=True)
    )
    objects = cv2.imread(str(folder / "gt/obj_map" / name), cv2.IMREAD_UNCHANGED)
    return count_scene_flow(prediction, truth, objects)


def shares(figures, name, keys):
    return np.array([figures[f"{name}_{key.replace('_only', '')}"] for key in keys]) / 100


@pytest.mark.parametrize("pixels", ["occ", "noc"])
def test_image_with_every_kind_of_hole_meets_the_kit(repository, pixels):
    folder = repository / "test/data/kitti_scene_flow"
    results = json.loads((folder / "results.json").read_text())[pixels]
    figures = conclude_scene_flow([count(folder, 2, pixels)])
    for name, published in NAMES.items():
        expected = results[published]["per_image_fractions"][2]
        ours = shares(figures, name, expected)
        np.testing.assert_allclose(ours, list(expected.values()), atol=HALF_DIGIT)


@pytest.mark.parametrize("pixels", ["occ", "noc"])
def test_all_counts_of_the_kit_are_met_exactly(shared, pixels):
    folder = shared / "golden/kitti_scene_flow"
    results = json.loads((folder / "results.json").read_text())[pixels]
    counts = [count(folder, index, pixels) for index in range(4)]
    figures = conclude_scene_flow(counts)
    for name, published in NAMES.items():
        total = sum_outliers(getattr(image, name) for image in counts)
        expected = results[published]["counts"]
        ours = {
            key: getattr(total, key.replace("_only", "").replace("all_", "")) for key in expected
        }
        assert ours == expected
        fractions = results[published]["fractions"]
        np.testing.assert_allclose(
            shares(figures, name, fractions), list(fractions.values()), atol=HALF_DIGIT
        )


@pytest.mark.parametrize("pixels", ["occ", "noc"])
def test_dwarf_s_copy_of_the_kit_gives_the_same_numbers(golden, pixels):
    case = golden("dwarf_sceneflow")
    counts = []
    for index in range(3):
        prediction, truth = (
            SceneFlowMaps(
                *(decode_disparity(case[f"{disp}_{n}_png_{index}"]) for n in (0, 1)),
                flow_with_holes(*decode_flow(case[f"{flow}_png_{index}"])),
            )
            for disp, flow in (("pred_disp", "pred_flow"), (f"disp_{pixels}", f"flow_{pixels}"))
        )
        counts.append(count_scene_flow(prediction, truth, case[f"obj_map_{index}"]))
    kinds = (f"disp_{pixels}_0", f"disp_{pixels}_1", f"flow_{pixels}", f"scene_flow_{pixels}")
    for name, kind in zip(MEASURES, kinds, strict=True):
        pooled = shares(conclude_scene_flow(counts), name, ORDER)
        np.testing.assert_allclose(pooled, case[f"stats_{kind}"], atol=HALF_DIGIT)
        for index, image in enumerate(counts):
            alone = shares(conclude_scene_flow([image]), name, ORDER)
            expected = case[f"per_image_errors_{kind}_{index:06d}"]
            np.testing.assert_allclose(alone, expected, atol=HALF_DIGIT)


def three_pixels():
    """Disparity is wrong at the first pixel, the next one at the second, flow nowhere."""
    truth = SceneFlowMaps(np.full((1, 3), 9.0), np.full((1, 3), 9.0), np.zeros((1, 3, 2)))
    wrong = np.array([[20.0, 9.0, 9.0]])
    return SceneFlowMaps(wrong, wrong[:, [1, 0, 2]], np.zeros((1, 3, 2))), truth


def test_scene_flow_is_wrong_where_any_of_the_three_is():
    counts = count_scene_flow(*three_pixels(), STATIC)
    assert [getattr(counts, name).errors for name in MEASURES] == [1, 1, 0, 2]


def test_scene_flow_counts_pixels_with_all_three_truths():
    prediction, truth = three_pixels()
    truth.flow[0, 0] = np.nan
    counts = count_scene_flow(prediction, truth, STATIC)
    assert (counts.sf.pixels, counts.sf.errors, counts.d1.pixels) == (2, 1, 3)


def test_scene_flow_is_estimated_where_the_first_disparity_is():
    prediction, truth = three_pixels()
    prediction.disparity[0, 1] = prediction.flow[0, 0] = np.nan
    counts = count_scene_flow(prediction, truth, STATIC)
    assert (counts.sf.pixels_estimated, counts.fl.pixels_estimated) == (2, 2)
    assert (counts.sf.errors, counts.sf.errors_estimated) == (2, 1)


@pytest.mark.parametrize("missing", ["disparity", "next_disparity", "flow"])
def test_what_is_not_there_is_not_counted(missing):
    prediction, truth = three_pixels()
    for maps in (
        (replace(prediction, **{missing: None}), truth),
        (prediction, replace(truth, **{missing: None})),
    ):
        counts = count_scene_flow(*maps, STATIC)
        names = dict(zip(("disparity", "next_disparity", "flow"), MEASURES, strict=False))
        absent = {names[missing], "sf"}
        assert {name for name in MEASURES if getattr(counts, name) is None} == absent
        figures = conclude_scene_flow([counts])
        assert {name.split("_")[0] for name in figures} == {*MEASURES, "frames"} - absent


def test_counts_are_summed_before_they_are_divided():
    prediction, truth = three_pixels()
    small = SceneFlowMaps(prediction.disparity[:, :1])
    counts = [
        count_scene_flow(small, SceneFlowMaps(truth.disparity[:, :1]), STATIC[:, :1]),
        count_scene_flow(SceneFlowMaps(truth.disparity), SceneFlowMaps(truth.disparity), STATIC),
    ]
    assert conclude_scene_flow(counts)["d1_all"] == 25


def test_counts_are_plain_integers_that_survive_the_way_between_processes():
    counts = count_scene_flow(*three_pixels(), STATIC)
    assert pickle.loads(pickle.dumps(counts)) == counts
    assert all(type(number) is int for number in astuple(counts.sf))


def test_other_sizes_are_refused_with_both():
    prediction, truth = three_pixels()
    with pytest.raises(ValueError, match=r"next disparity must be \(1, 3\) as .* got \(3, 1\)"):
        count_scene_flow(replace(prediction, next_disparity=np.ones((3, 1))), truth, STATIC)
    with pytest.raises(ValueError, match=r"true disparity must be \(1, 4\) as .* got \(1, 3\)"):
        count_scene_flow(prediction, truth, np.zeros((1, 4)))


def test_truth_without_a_known_pixel_is_refused():
    prediction, truth = three_pixels()
    truth.disparity[:] = np.nan
    with pytest.raises(ValueError, match="true disparity must be known somewhere"):
        count_scene_flow(prediction, truth, STATIC)


def test_no_images_have_no_figures():
    with pytest.raises(ValueError, match="counts must be those of at least one image"):
        conclude_scene_flow([])
