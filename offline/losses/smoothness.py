"""Edge-aware smoothness: a map may change where the image does (Godard et al., Monodepth2)."""

from __future__ import annotations

from torch import Tensor


def edge_aware_smoothness(values: Tensor, image: Tensor) -> Tensor:
    """Return how much ``values`` vary where the image does not, a scalar.

    The mean of the changes along x plus the mean of those along y, each over its own number
    of neighbours (``losses/baselosses.py`` of SGDepth).

    Args:
        values: inverse depth, say; usually divided by its mean, so that making everything
            far away does not pay. # (B, 1, H, W)
        image: of the same size. # (B, C, H, W)

    Raises:
        ValueError: for sizes that differ or are below 2x2 px.
    """
    along_x, along_y = edge_aware_changes(values, image)
    return along_x.mean() + along_y.mean()


def edge_aware_changes(values: Tensor, image: Tensor) -> tuple[Tensor, Tensor]:
    """Return the absolute changes of ``values`` times exp(-mean change of the colours).

    Args:
        values: any map. # (B, 1, H, W)
        image: of the same size. # (B, C, H, W)

    Returns:
        Changes between neighbours along x # (B, 1, H, W - 1), and along y # (B, 1, H - 1, W).

    Raises:
        ValueError: for sizes that differ or are below 2x2 px.
    """
    if values.shape[2:] != image.shape[2:] or min(values.shape[2:]) < 2:
        raise ValueError(
            "values and image must have one size of at least 2x2 px, "
            f"got {tuple(values.shape[2:])} and {tuple(image.shape[2:])}"
        )
    along_x, along_y = (
        values.diff(dim=axis).abs() * (-image.diff(dim=axis).abs().mean(1, keepdim=True)).exp()
        for axis in (3, 2)
    )
    return along_x, along_y


def divide_by_mean(values: Tensor) -> Tensor:
    """Return ``values / (mean over the image + 1e-7)``, which is free of their scale.

    Args:
        values: inverse depth or depth, >= 0. # (B, 1, H, W)
    """
    return values / (values.mean((2, 3), keepdim=True) + 1e-7)
