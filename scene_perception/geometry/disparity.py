"""Inverse depth and depth: conversion and normalisation."""

from __future__ import annotations

from torch import Tensor


def normalize_inverse_depth(inverse_depth: Tensor) -> Tensor:
    """Divide inverse depth by its mean over the image, as its scale is arbitrary.

    Args:
        inverse_depth: > 0, any unit. # (B, 1, H, W)
    """
    return inverse_depth / inverse_depth.mean((1, 2, 3), keepdim=True)


def depth_from_inverse_depth(inverse_depth: Tensor) -> Tensor:
    """Return ``1 / inverse_depth``: metres for 1/m, infinite where inverse depth is 0."""
    return inverse_depth.reciprocal()
