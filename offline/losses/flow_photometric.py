"""What flow is trained with where nobody knows it (DDFlow, Liu et al., AAAI 2019, and SelFlow).

The published code halves its means, as its masks have one channel and flow two; here a mean is
one over pixels.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from offline.losses.occlusion import ends
from offline.losses.photometric import photometric_error
from offline.losses.reductions import mean_over
from offline.losses.smoothness import edge_aware_changes
from offline.losses.view_synthesis import sample

MEASURES = ("census", "robust", "ssim")

_RADIUS = 3
_GREY = (0.2989, 0.587, 0.114)  # ITU-R BT.601, as ``tf.image.rgb_to_grayscale``
_GREY_LEVELS = 255
_CONTRAST, _DIFFERENCE = 0.81, 0.1
_EPSILON, _POWER = 0.01, 0.4


def robust(values: Tensor) -> Tensor:
    """Return ``(|x| + 0.01)^0.4``, which outliers hardly move. # any shape."""
    return (values.abs() + _EPSILON) ** _POWER


def flow_photometric_loss(
    target: Tensor, source: Tensor, flow: Tensor, visible: Tensor, measure: str = "census"
) -> Tensor:
    """Return how badly ``source``, seen through the flow, explains the visible target, a scalar.

    Args:
        target: RGB in 0..1. # (B, 3, H, W)
        source: RGB in 0..1, of the same shape.
        flow: from target to source, px. # (B, 2, H, W)
        visible: pixels that count, bool. # (B, 1, H, W)
        measure: ``census`` (soft Hamming distance of 7x7 census transforms, through ``robust``),
            ``robust`` (of the difference of colours) or ``ssim`` (as depth is trained).

    Raises:
        ValueError: for another measure.
    """
    if measure not in MEASURES:
        raise ValueError(f"measure must be one of {', '.join(MEASURES)}, got {measure!r}")
    warped = sample(source, ends(flow))
    if measure == "census":
        visible = visible & _whole_patches(visible)
        return mean_over(robust(census_distance(warped, target)), visible)
    if measure == "robust":
        return mean_over(robust(warped - target).mean(1, keepdim=True), visible)
    return mean_over(photometric_error(warped, target), visible)


def census_distance(image: Tensor, target: Tensor) -> Tensor:
    """Return the soft Hamming distance of census transforms of 7x7 px (Meister et al., 2018).

    Free of brightness and contrast: each neighbour's difference ``d`` from the centre, in grey
    levels, counts as ``d / sqrt(0.81 + d^2)``, and the difference ``e`` of two of these as
    ``e^2 / (0.1 + e^2)``. Beyond its border an image is black.

    Args:
        image: RGB in 0..1. # (B, 3, H, W)
        target: of the same shape.

    Returns:
        0..49. # (B, 1, H, W)
    """
    squared = (_census(image) - _census(target)).square()
    return (squared / (_DIFFERENCE + squared)).sum(1, keepdim=True)


def flow_smoothness(flow: Tensor, image: Tensor, sharpness: float = 10.0) -> Tensor:
    """Return how much flow changes where the image does not, a scalar.

    Means over x and y of ``|change of flow|`` in px times ``exp(-sharpness |change of colour|)``.

    Args:
        flow: # (B, 2, H, W)
        image: RGB in 0..1. # (B, 3, H, W)
        sharpness: of the image's edges, > 0.

    Raises:
        ValueError: for sizes that differ or are below 2x2 px.
    """
    along_x, along_y = edge_aware_changes(flow, sharpness * image)
    return along_x.mean() + along_y.mean()


def _census(image: Tensor) -> Tensor:
    """Return each pixel's differences from its neighbours, -1..1. # (B, 49, H, W)."""
    grey = _GREY_LEVELS * (image * image.new_tensor(_GREY).view(1, 3, 1, 1)).sum(1, keepdim=True)
    size, (height, width) = 2 * _RADIUS + 1, grey.shape[2:]
    neighbours = F.unfold(grey, size, padding=_RADIUS).view(-1, size * size, height, width)
    difference = neighbours - grey
    return difference / (_CONTRAST + difference.square()).sqrt()


def _whole_patches(mask: Tensor) -> Tensor:
    """Return which pixels' census patches lie within the image, bool. # (1, 1, H, W)."""
    whole = torch.zeros_like(mask[:1])
    whole[..., _RADIUS:-_RADIUS, _RADIUS:-_RADIUS] = True
    return whole
