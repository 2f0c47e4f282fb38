"""Each system's evaluation protocol by its name, built from explicit settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import inf
from types import MappingProxyType

from offline.metrics.depth_protocol import DepthProtocol
from offline.metrics.flow import FlowProtocol
from offline.metrics.semantics import SemanticsProtocol
from offline.metrics.trajectory import TrajectoryProtocol

Protocol = DepthProtocol | FlowProtocol | SemanticsProtocol | TrajectoryProtocol


@dataclass(frozen=True)
class Protocols:
    """A system's protocols; None for tasks that it does not evaluate.

    Attributes:
        depth, flow, semantics: for the system's main tables.
        depth_variants, semantics_variants: for its other tables, by what they are made for.
        trajectory: the same for all; the windows are SGDepth's.
    """

    depth: DepthProtocol | None = None
    flow: FlowProtocol | None = None
    semantics: SemanticsProtocol | None = None
    depth_variants: Mapping[str, DepthProtocol] = field(default_factory=dict)
    semantics_variants: Mapping[str, SemanticsProtocol] = field(default_factory=dict)
    trajectory: TrajectoryProtocol = field(default=TrajectoryProtocol())


_OMEGANET_DEPTH = DepthProtocol(resize="tensorflow_inverse_depth", zero_is_zero=True)
_OMEGANET_FLOW = FlowProtocol(
    resize="tensorflow",
    width_scales_both=True,
    offset_px=1e-5,
    single_precision=False,
    average="images",
)
_OMEGANET_SEMANTICS = SemanticsProtocol(resize="logits_tensorflow", void_prediction="road")
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
        "omeganet": Protocols(
            depth=_OMEGANET_DEPTH,
            flow=_OMEGANET_FLOW,
            semantics=_OMEGANET_SEMANTICS,
            semantics_variants={
                "cityscapes_crop": replace(_OMEGANET_SEMANTICS, top_four_fifths=True)
            },
        ),
        "sgdepth": Protocols(
            depth=_SGDEPTH_DEPTH,
            # The twentieth class is the network's own "void", which no ground truth has.
            semantics=SemanticsProtocol(20, resize="labels_nearest", unknown_ids="nearest"),
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
            semantics=SemanticsProtocol(resize="truth_nearest"),
            depth_variants={
                "running": _SEMSEG_RUNNING,
                "running_cityscapes": replace(_SEMSEG_RUNNING, crop="semseg_cityscapes"),
            },
        ),
        "kitti2015": Protocols(
            flow=FlowProtocol(),
            semantics=SemanticsProtocol(resize="labels_nearest"),
        ),
    }
)


def describe(protocol: Protocol) -> str:
    """Return every setting of a protocol in words."""
    return protocol.words()
