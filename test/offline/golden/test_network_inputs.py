import re

import numpy as np
import pytest
import torch

from offline.golden.network_inputs import feature_statistics, frame, image_size, weights
from offline.golden.stand_ins import golden_image, golden_weight

NAMES = re.compile(r"disp_(?P<n>\d)|depth")


def test_frame_is_a_golden_image_between_0_and_1():
    image = frame(3, 32, 48)
    assert image.shape == (1, 3, 32, 48)
    assert image[0, 1, 2, 5] == np.float32(golden_image(3, 32, 48)[2, 5, 1]) / np.float32(255)


def test_weights_are_stand_ins_in_pytorch_s_layout():
    stand_ins = weights({"a.weight": (3, 2, 1, 1), "a.num_batches_tracked": ()})
    expected = golden_weight("a.weight", (3, 2, 1, 1), "OIHW")
    np.testing.assert_array_equal(stand_ins["a.weight"], expected)
    assert stand_ins["a.num_batches_tracked"].shape == ()


def test_no_weights_are_refused_with_the_option():
    with pytest.raises(ValueError, match="arrays of a network need its --variables"):
        weights({})


def test_size_is_what_most_arrays_tell():
    case = {
        "disp_1": np.zeros((32, 48)),
        "depth": np.zeros((20, 64, 96)),
        "disp_0": np.zeros((60, 96)),
        "other": np.zeros((7, 7)),
    }
    assert image_size(case, NAMES) == (64, 96)
    assert image_size({"other": np.zeros((7, 7)), "depth": np.zeros(7)}, NAMES) is None


def test_statistics_are_mean_deviation_and_largest_magnitude():
    feature = torch.tensor([1.0, -3.0]).view(1, 2, 1, 1)
    assert feature_statistics([feature])[0].tolist() == pytest.approx([-1, 8**0.5, 3])
