import importlib.util
import json
import zlib

import numpy as np
import pytest

from offline.golden.stand_ins import golden_image, golden_weight, golden_weights


@pytest.fixture
def shapes(repository):
    listed = json.loads((repository / "test/data/omeganet/variables.json").read_text())
    return {name: tuple(shape) for name, shape in listed.items()}


@pytest.fixture
def reference(shared):
    """The formulas that the golden cases were made with."""
    spec = importlib.util.spec_from_file_location("reference", shared / "golden/golden_weights.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_weights_of_all_variables_have_the_recorded_bits(shapes):
    weights = golden_weights(shapes, "HWIO")
    assert zlib.crc32(b"".join(array.tobytes() for array in weights.values())) == 1656464025


def test_images_of_the_published_case_have_the_recorded_bits(repository):
    with np.load(repository / "test/data/omeganet/outputs_10.npz") as case:
        recorded = case["input_crc32"].tolist()
    assert recorded == [zlib.crc32(golden_image(n, 192, 640).tobytes()) for n in (10, 11, 12)]


def test_every_weight_equals_the_reference(shapes, reference):
    for name, shape in shapes.items():
        expected = reference.golden_weight(name, shape, "HWIO")
        np.testing.assert_array_equal(golden_weight(name, shape, "HWIO"), expected)


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("encoder.conv1.weight", (64, 3, 7, 7)),
        ("encoder.bn1.weight", (64,)),
        ("encoder.bn1.running_var", (64,)),
        ("encoder.bn1.num_batches_tracked", ()),
        ("decoder.disp.weight", (1, 16, 3, 3)),
    ],
)
def test_pytorch_layout_equals_the_reference(reference, name, shape):
    expected = reference.golden_weight(name, shape, "OIHW")
    np.testing.assert_array_equal(golden_weight(name, shape, "OIHW"), expected)


@pytest.mark.parametrize(("seed", "height", "width"), [(0, 48, 64), (23, 130, 37), (41, 64, 64)])
def test_image_equals_the_reference(reference, seed, height, width):
    expected = reference.golden_image(seed, height, width)
    np.testing.assert_array_equal(golden_image(seed, height, width), expected)


def test_frames_of_a_sequence_are_one_texture_that_moves():
    first, third = golden_image(10, 60, 100), golden_image(12, 60, 100)
    # Two frames are 5 px and 1 px apart; each frame has its own contrast, hence the tolerance.
    difference = first[1:, 5:].astype(int) - third[:-1, :-5].astype(int)
    assert np.abs(difference).max() < 25


def test_negative_seed_is_refused():
    with pytest.raises(ValueError, match="seed must be at least 0, got -1"):
        golden_image(-1, 64, 64)


def test_unknown_layout_is_refused():
    with pytest.raises(ValueError, match="layout must be one of HWIO, OIHW, got 'NCHW'"):
        golden_weight("a/weights", (3, 3, 1, 1), "NCHW")
