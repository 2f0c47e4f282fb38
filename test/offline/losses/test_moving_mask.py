import pytest
import torch

from offline.losses.moving_mask import is_dynamic, moving_mask

ROAD, CAR, VOID = 0, 13, 19


def _labels(*rows):
    return torch.tensor(rows, dtype=torch.uint8)[:, None]


def test_person_to_bicycle_and_void_are_dynamic_and_unknown_is_not():
    assert is_dynamic(torch.tensor([0, 10, 11, 18, 19, 255])).tolist() == [0, 0, 1, 1, 1, 0]


def test_intersections_and_unions_are_summed_over_the_neighbours():
    current = _labels([CAR, CAR, ROAD, ROAD])
    previous = _labels([CAR, ROAD, ROAD, ROAD])  # cars 1 of 2, road 2 of 3
    following = _labels([ROAD, CAR, CAR, ROAD])  # cars 1 of 3, road 1 of 3
    mask = moving_mask(current, [previous, following], 0.0)
    assert mask.dynamic_iou.tolist() == [pytest.approx(2 / 5)]
    assert mask.static_iou.tolist() == [pytest.approx(3 / 6)]
    assert mask.dynamic_iou.dtype == torch.float64


def test_below_the_threshold_every_dynamic_pixel_of_all_three_frames_is_masked():
    current = _labels([CAR, CAR, ROAD, ROAD, ROAD])
    previous = _labels([CAR, ROAD, ROAD, ROAD, ROAD])
    following = _labels([ROAD, CAR, VOID, ROAD, ROAD])
    mask = moving_mask(current, [previous, following], 0.41)
    assert mask.keep.tolist() == [[[False, False, False, True, True]]]


def test_an_image_at_the_threshold_is_used_whole():
    current, neighbour = _labels([CAR, CAR, ROAD, ROAD]), _labels([CAR, ROAD, ROAD, ROAD])
    assert moving_mask(current, [neighbour], 0.5).keep.all()
    assert not moving_mask(current, [neighbour], 0.51).keep.all()


def test_any_two_dynamic_classes_agree():
    mask = moving_mask(_labels([CAR, VOID]), [_labels([VOID, 11])], 1.0)
    assert mask.dynamic_iou.item() == 1
    assert mask.keep.all()
    assert mask.static_iou.isnan().all()


def test_an_image_without_dynamic_classes_has_no_score_and_is_used_whole():
    mask = moving_mask(_labels([ROAD, ROAD]), [_labels([ROAD, 10])], 2.0)
    assert mask.dynamic_iou.isnan().all()
    assert mask.keep.all()


def test_each_image_of_a_batch_is_judged_alone():
    current = _labels([CAR, ROAD], [CAR, ROAD], [ROAD, ROAD])
    neighbour = _labels([CAR, ROAD], [ROAD, CAR], [ROAD, ROAD])
    mask = moving_mask(current, [neighbour], 0.5)
    assert mask.keep[:, 0].tolist() == [[True, True], [False, False], [True, True]]
    assert mask.dynamic_iou[:2].tolist() == [1, 0]


def test_class_maps_of_different_shapes_are_refused():
    with pytest.raises(ValueError, match=r"at least one, all \(1, 1, 2\), got \[\(1, 1, 3\)\]"):
        moving_mask(_labels([0, 0]), [_labels([0, 0, 0])], 0.5)
    with pytest.raises(ValueError, match=r"at least one, .* got \[\]"):
        moving_mask(_labels([0, 0]), [], 0.5)
