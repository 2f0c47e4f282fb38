import numpy as np
import pytest
import torch

from offline.metrics.tensorflow_resize import largest_after_resize, resize_tensorflow
from scene_perception.models.layers import resize_bilinear


def test_positions_start_at_the_corner_and_end_before_it():
    resized = resize_tensorflow(np.array([[0.0, 1.0, 2.0]], np.float32), 1, 6)
    np.testing.assert_allclose(resized, [[0, 0.5, 1, 1.5, 2, 2]], atol=1e-6)


@pytest.mark.parametrize("size", [(9, 11), (48, 80), (47, 121), (24, 40)])
def test_rule_is_that_of_the_networks_layers(size):
    values = np.random.default_rng(0).normal(size=(24, 40, 3)).astype(np.float32)
    planes = torch.from_numpy(values.transpose(2, 0, 1).copy())[None]
    expected = resize_bilinear(planes, *size)[0].numpy().transpose(1, 2, 0)
    np.testing.assert_allclose(resize_tensorflow(values, *size), expected, atol=1e-6)


def test_largest_is_the_arg_max_of_the_resized_logits():
    logits = np.random.default_rng(1).normal(size=(5, 6, 8)).astype(np.float32)
    resized = resize_tensorflow(logits.transpose(1, 2, 0), 15, 31)
    np.testing.assert_array_equal(largest_after_resize(logits, 15, 31), resized.argmax(axis=2))
