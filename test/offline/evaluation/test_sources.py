"""Predictions come from a network, from KITTI's files or from NumPy's, each checked."""

import cv2
import numpy as np
import pytest

from offline.evaluation.sources import file_source, network_source
from offline.kitti_files import write_disparity, write_flow

SHAPE = (40, 120)


class Network:
    """A predictor that says what it is told to."""

    model = "told"
    roles = {"depth": ("current",)}  # noqa: RUF012

    def __init__(self, inverse_depth):
        self.inverse_depth = inverse_depth

    def __call__(self, task, images):
        return {"inverse_depth": self.inverse_depth}


def test_a_network_is_asked_for_the_images_of_its_task(depth_samples):
    source = network_source(Network(np.ones((4, 8), np.float32)), "depth")
    assert source.roles == ("current",)
    outputs = source.predict(0, depth_samples[0], depth_samples[0].images(source.roles))
    assert outputs["inverse_depth"].shape == (4, 8)


def test_a_task_that_the_network_cannot_do_is_refused():
    with pytest.raises(ValueError, match=r"told with these weights can do \(depth\), got flow"):
        network_source(Network(None), "flow")


def test_a_network_that_says_nan_is_refused(depth_samples):
    values = np.ones((4, 8), np.float32)
    values[0, :3] = np.nan
    with pytest.raises(ValueError, match="NaN or infinity at 3 of 32 elements"):
        network_source(Network(values), "depth").predict(0, depth_samples[0], {})


def test_depth_is_read_from_a_16_bit_png_in_256ths_of_a_metre(tmp_path, depth_samples):
    cv2.imwrite(str(tmp_path / "000001.png"), np.full(SHAPE, 2560, np.uint16))
    source = file_source(tmp_path, "depth", depth_samples)
    assert (source.predict(1, depth_samples[1], {})["depth"] == 10.0).all()


def test_cityscapes_ids_are_no_labels(tmp_path, depth_samples):
    cv2.imwrite(str(tmp_path / "000000.png"), np.full(SHAPE, 26, np.uint8))
    source = file_source(tmp_path, "semantics", depth_samples)
    with pytest.raises(ValueError, match=r"000000\.png must hold train ids 0 \.\.\. 19, .* got 26"):
        source.predict(0, depth_samples[0], {})


def test_inverse_depth_is_read_from_numpy_files(tmp_path, depth_samples):
    np.save(tmp_path / "000000.npy", np.full((10, 30), 0.25, np.float32))
    source = file_source(tmp_path, "depth", depth_samples, inverse=True)
    assert (source.predict(0, depth_samples[0], {})["inverse_depth"] == 0.25).all()


def test_one_array_may_hold_the_depth_of_all_samples(tmp_path, depth_samples):
    np.save(
        tmp_path / "all.npy", np.arange(1, 4, dtype=np.float32)[:, None, None] * np.ones((2, 3))
    )
    source = file_source(tmp_path / "all.npy", "depth", depth_samples)
    found = source.predict(1, depth_samples[1], {})["inverse_depth"]
    assert found == pytest.approx(np.full((2, 3), 0.5))


def test_an_array_of_another_number_of_samples_is_refused(tmp_path, depth_samples):
    np.save(tmp_path / "all.npy", np.ones((2, 3, 3)))
    with pytest.raises(ValueError, match=r"depth of 3 samples \(N, H, W\), got \(2, 3, 3\)"):
        file_source(tmp_path / "all.npy", "depth", depth_samples)


def test_holes_in_scene_flow_stay_holes(tmp_path, depth_samples):
    for folder in ("disp_0", "flow"):
        (tmp_path / folder).mkdir()
    disparity = np.full(SHAPE, 5.0)
    disparity[0, 0] = 0
    known = np.ones(SHAPE, bool)
    known[1, 1] = False
    write_disparity(tmp_path / "disp_0" / "000000.png", disparity)
    write_flow(tmp_path / "flow" / "000000.png", np.full((*SHAPE, 2), 2.0), known)
    found = file_source(tmp_path, "scene_flow", depth_samples).predict(0, depth_samples[0], {})
    assert sorted(found) == ["disparity", "flow"]
    assert np.argwhere(np.isnan(found["disparity"])).tolist() == [[0, 0]]
    assert np.argwhere(np.isnan(found["flow"]).any(axis=2)).tolist() == [[1, 1]]


def test_holes_in_flow_alone_take_the_smaller_neighbour(tmp_path, depth_samples):
    flow = np.zeros((*SHAPE, 2))
    flow[:, 60:] = 4.0
    known = np.ones(SHAPE, bool)
    known[3, 59] = False
    write_flow(tmp_path / "000000.png", flow, known)
    found = file_source(tmp_path, "flow", depth_samples).predict(0, depth_samples[0], {})
    assert found["flow"][3, 58:62, 0].tolist() == [0, 0, 4, 4]


def test_a_missing_prediction_is_named(tmp_path, depth_samples):
    source = file_source(tmp_path, "depth", depth_samples)
    with pytest.raises(ValueError, match=r"000002\.npy is missing"):
        source.predict(2, depth_samples[2], {})


def test_a_damaged_png_is_named(tmp_path, depth_samples):
    whole = cv2.imencode(".png", np.full(SHAPE, 2560, np.uint16))[1].tobytes()
    (tmp_path / "000000.png").write_bytes(whole[:20])
    source = file_source(tmp_path, "depth", depth_samples)
    with pytest.raises(ValueError, match=r"000000\.png cannot be read"):
        source.predict(0, depth_samples[0], {})


def test_an_8_bit_depth_image_is_refused(tmp_path, depth_samples):
    cv2.imwrite(str(tmp_path / "000000.png"), np.full(SHAPE, 10, np.uint8))
    source = file_source(tmp_path, "depth", depth_samples)
    with pytest.raises(ValueError, match="must be a 16-bit PNG of one channel"):
        source.predict(0, depth_samples[0], {})


def test_a_folder_that_is_not_there_is_named(tmp_path, depth_samples):
    with pytest.raises(ValueError, match=r"nowhere must be a folder or a \.npy file"):
        file_source(tmp_path / "nowhere", "depth", depth_samples)


def test_a_task_without_files_is_refused(tmp_path, depth_samples):
    with pytest.raises(ValueError, match=r"from files for depth.*, got pose"):
        file_source(tmp_path, "pose", depth_samples)
