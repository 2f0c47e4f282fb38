from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from offline.synthetic.compression import compressed, cosine_transform, quantisation_tables


def picture(height: int = 40, width: int = 56) -> torch.Tensor:
    """Smooth colours with an edge."""
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    image = torch.stack([x / width, y / height, (x > 20) * 0.7 + 0.1]).float()
    return (image * 255).round()[None] / 255


def by_opencv(image: torch.Tensor, quality: int) -> np.ndarray:
    bgr = (image[0].permute(1, 2, 0).numpy()[..., ::-1] * 255).round().astype(np.uint8)
    how = [cv2.IMWRITE_JPEG_QUALITY, quality]
    how += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    _, data = cv2.imencode(".jpg", bgr, how)
    return cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1].astype(np.float32)


def test_tables_are_libjpegs():
    tables = quantisation_tables(torch.tensor([50, 75, 25, 100]))
    assert tables[0, :, 0].tolist() == [16, 17]  # as printed
    assert tables[1, 0, :4].tolist() == [8, 6, 5, 8]  # (16 * 50 + 50) / 100 = 8.5 ...
    assert tables[2, 0, 0].item() == 32
    assert (tables[3] == 1).all()


def test_a_flat_block_has_one_coefficient_eight_times_its_value():
    coefficients = cosine_transform(torch.device("cpu")) @ torch.full((64,), 3.0)
    assert coefficients[0].item() == pytest.approx(24, abs=1e-5)
    assert coefficients[1:].abs().max() < 1e-5


@pytest.mark.parametrize("quality", [50, 75, 95])
def test_pixels_are_those_of_a_jpeg_file(quality):
    image = picture()
    ours = compressed(image, torch.tensor([quality]), subsample=False)[0] * 255
    difference = np.abs(ours.permute(1, 2, 0).numpy() - by_opencv(image, quality))
    # libjpeg computes with integers and rounds the colours in between.
    assert difference.mean() < 1
    assert np.percentile(difference, 99) < 4


def test_every_image_has_its_own_quality():
    image = picture()
    both = compressed(image.repeat(2, 1, 1, 1), torch.tensor([20, 98]))
    low, high = ((each - image[0]).abs().mean() for each in both)
    assert low > 2 * high
    assert torch.equal(both[1:], compressed(image, torch.tensor([98])))


def test_grey_stays_grey_and_flat_stays_flat():
    image = torch.full((1, 3, 20, 12), 100 / 255)
    result = compressed(image, torch.tensor([90]))
    assert result.shape == image.shape
    assert (result - image).abs().max() < 2 / 255


def test_subsampling_keeps_brightness_and_spreads_colour_over_two_pixels():
    image = torch.zeros(1, 3, 16, 16)
    image[:, 0, :, 7:] = 1  # red begins inside a pair of columns
    result = compressed(image, torch.tensor([100]))[0]
    assert result[0, 8, 6] > 0.02  # half the pair's colour
    weights = torch.tensor([0.299, 0.587, 0.114])
    brightness = (result[:, 8] * weights[:, None]).sum(0)
    assert brightness[12].item() == pytest.approx(0.299, abs=0.02)
