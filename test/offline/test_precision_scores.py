from __future__ import annotations

import numpy as np
import pytest

from offline.precision_scores import Maps, compare

H, W = 4, 6


def tensors(**changed: np.ndarray) -> dict[str, np.ndarray]:
    given = {
        "inverse_depth": np.full((1, 1, H, W), 0.5, np.float32),
        "labels": np.full((1, H, W), 13, np.uint8),
        "flow": np.zeros((1, 2, H, W), np.float32),
        "motion_probability": np.ones((1, 1, H, W), np.float32),
        "disparity": np.full((1, 1, H, W), 10, np.float32),
        "next_from_current": np.eye(4, dtype=np.float32)[None],
    }
    return given | changed


def against_itself(**changed: np.ndarray) -> dict[str, float]:
    return compare([Maps.predicted(tensors(**changed))], [Maps.predicted(tensors())])


def test_equal_predictions_are_at_no_distance():
    found = against_itself()
    zero = (
        "depth abs_rel",
        "flow epe px",
        "disparity error px",
        "d1_all %",
        "rotation error deg",
    )
    assert [found[name] for name in zero] == [0] * 5
    assert (found["labels agree %"], found["motion mask iou"]) == (100, 1)


def test_depth_is_compared_as_it_is_without_scaling():
    found = against_itself(inverse_depth=np.full((1, 1, H, W), 0.4, np.float32))
    assert found["depth abs_rel"] == pytest.approx(0.25)  # 2.5 m instead of 2 m


def test_labels_flow_and_masks_are_compared_by_their_metrics():
    labels, flow = np.full((1, H, W), 13, np.uint8), np.zeros((1, 2, H, W), np.float32)
    labels[0, :2] = 0  # half the cars become road, which does not move
    flow[0, 0, 0], flow[0, 1, 0] = 3, 4  # 5 px in one row of four
    found = against_itself(labels=labels, flow=flow)
    assert found["labels agree %"] == pytest.approx(50)
    assert found["motion mask iou"] == pytest.approx(0.5)
    assert found["flow epe px"] == pytest.approx(1.25)
    assert found["flow fl_all %"] == pytest.approx(25)


def test_disparities_and_turns_are_compared_too():
    disparity = np.full((1, 1, H, W), 10, np.float32)
    disparity[..., 0] = 16
    turn = np.eye(4, dtype=np.float32)[None].copy()
    turn[0, :2, :2] = [[0.8, -0.6], [0.6, 0.8]]
    found = against_itself(disparity=disparity, next_from_current=turn)
    assert found["disparity error px"] == pytest.approx(1)
    assert found["d1_all %"] == pytest.approx(100 / 6)
    assert found["rotation error deg"] == pytest.approx(36.87, abs=0.01)


def test_depth_has_no_unit_against_ground_truth():
    truth = Maps({"depth": np.full((H, W), 20, np.float32)}, is_truth=True)
    found = compare([Maps.predicted({"inverse_depth": tensors()["inverse_depth"]})], [truth])
    assert found["depth abs_rel"] == pytest.approx(0, abs=1e-6)


def test_what_has_nothing_in_common_is_refused():
    with pytest.raises(ValueError, match="frames must have something that can be compared"):
        compare([Maps({})], [Maps.predicted(tensors())])
