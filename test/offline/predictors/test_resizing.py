from __future__ import annotations

import numpy as np
import pytest

from offline.golden.stand_ins import golden_image
from offline.predictors.resizing import area, bilinear, pillow, scikit

RULES = (bilinear, area, pillow, scikit)


def row(*values: int) -> np.ndarray:
    """An image of one row, its colours alike."""
    return np.repeat(np.array(values, np.uint8)[None, :, None], 3, axis=2)


def levels(tensor) -> list[float]:
    """The red grey levels of the first row."""
    return (tensor[0, 0, 0] * 255).tolist()


@pytest.mark.parametrize("resize", RULES)
def test_an_image_of_the_networks_size_is_only_normalised(resize):
    image = golden_image(10, 12, 20)
    tensor = resize(image, 12, 20)
    assert tensor.shape == (1, 3, 12, 20)
    np.testing.assert_allclose(tensor[0].permute(1, 2, 0).numpy(), image / 255, atol=1e-7)


def test_bilinear_looks_at_two_pixels_only():
    assert levels(bilinear(row(0, 0, 100, 200, 0, 0), 1, 2)) == pytest.approx([0, 0])
    assert levels(bilinear(row(0, 0, 100, 200), 1, 2)) == pytest.approx([0, 150])


def test_area_weighs_pixels_by_what_it_covers_of_them():
    # Pixels 1.5 wide: (30 + 60 / 2) / 1.5, (60 / 2 + 90) / 1.5.
    assert levels(area(row(30, 60, 90), 1, 2)) == pytest.approx([40, 80])


def test_area_enlarges_bilinearly():
    image = golden_image(10, 12, 20)
    np.testing.assert_array_equal(area(image, 24, 16), bilinear(image, 24, 16))


def test_pillow_weighs_with_a_triangle_and_rounds():
    # A triangle of half-width 2 about 1 in units of pixels: centres 0.5, 1.5, 2.5 weigh 3, 3, 1.
    assert levels(pillow(row(0, 0, 100, 0), 1, 2))[0] == pytest.approx(round(100 / 7))


def test_scikit_blurs_by_half_of_the_step_less_one():
    # Step 3: a Gaussian of 1 px, cut off at 4, mirrored at the edge pixel's centre.
    weights = np.exp(-0.5 * np.arange(-4, 5) ** 2.0)
    weights /= weights.sum()
    expected = 100 * (weights[4] + 0)
    assert levels(scikit(row(0, 0, 0, 0, 0, 0, 0, 100, 0, 0, 0, 0, 0, 0, 0), 1, 5))[
        2
    ] == pytest.approx(expected, rel=1e-5)
    edge = 100 * weights[3]
    assert levels(scikit(row(100, 0, 0, 0, 0, 0, 0, 0, 0), 1, 3))[0] == pytest.approx(
        edge, rel=1e-5
    )
