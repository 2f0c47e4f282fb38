"""Each system's evaluation protocol by its name, built from explicit settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import inf
from types import MappingProxyType

from offline.metrics.depth_protocol import DepthProtocol


@dataclass(frozen=True)
class Protocols:
    """A system's protocols; None for tasks that it does not evaluate.

    Attributes:
        depth: for the system's main table.
        depth_variants: for its other tables, by what they are made for.
    """

    depth: DepthProtocol | None = None
    depth_variants: Mapping[str, DepthProtocol] = field(default_factory=dict)


_OMEGANET_DEPTH = DepthProtocol(resize="tensorflow_inverse_depth", zero_is_zero=True)
_INSTA_DM_DEPTH = DepthProtocol(resize="opencv_depth")
_SGDEPTH_DEPTH = DepthProtocol(
    truth="velodyne_png", resize="torch_inverse_depth", double_precision=True
)
_SGDEPTH_WHOLE = replace(_SGDEPTH_DEPTH, crop="none", above_m=0.0, below_m=inf)
_SEMSEG_DEPTH = DepthProtocol(
    truth="velodyne_z",
    resize="spline_depth",
    scaling="none",
    out_of_range="clip_before_scaling",
)
_SEMSEG_RUNNING = replace(_SEMSEG_DEPTH, above_m=0.0, min_depth=0.0, out_of_range="drop")

PROTOCOLS: Mapping[str, Protocols] = MappingProxyType(
    {
        "omeganet": Protocols(depth=_OMEGANET_DEPTH),
        "sgdepth": Protocols(
            depth=_SGDEPTH_DEPTH,
            depth_variants={
                "improved": replace(_SGDEPTH_WHOLE, truth="improved"),
                "kitti2015": replace(_SGDEPTH_WHOLE, truth="kitti2015"),
                "cityscapes": replace(_SGDEPTH_DEPTH, crop="cityscapes"),
                "first_quarter": replace(_SGDEPTH_DEPTH, ratio_share=0.25),
            },
        ),
        "insta_dm": Protocols(
            depth=_INSTA_DM_DEPTH,
            depth_variants={
                # The factor is the ratio of each batch's first image (loss_functions.py).
                "training": replace(
                    _INSTA_DM_DEPTH,
                    above_m=0.0,
                    scaling="sequence",
                    out_of_range="clip_before_scaling",
                    lower_median=True,
                ),
            },
        ),
        "semseg": Protocols(
            depth=_SEMSEG_DEPTH,
            depth_variants={
                "running": _SEMSEG_RUNNING,
                "running_cityscapes": replace(_SEMSEG_RUNNING, crop="semseg_cityscapes"),
            },
        ),
        "kitti2015": Protocols(),
    }
)


def describe(protocol: DepthProtocol) -> str:
    """Return every setting of a protocol in words."""
    return protocol.words()
