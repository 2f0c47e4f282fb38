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


OMEGANET_DEPTH = DepthProtocol(resize="tensorflow_inverse_depth", zero_is_zero=True)
OMEGANET_FLOW = FlowProtocol(
    resize="tensorflow",
    width_scales_both=True,
    offset_px=1e-5,
    single_precision=False,
    average="images",
)
OMEGANET_SEMANTICS = SemanticsProtocol(resize="logits_tensorflow", void_prediction="road")
INSTA_DM_DEPTH = DepthProtocol(resize="opencv_depth")
# One factor for a batch: the ratio of its first image (loss_functions.py).
INSTA_DM_TRAINING = replace(
    INSTA_DM_DEPTH,
    above_m=0.0,
    scaling="sequence",
    out_of_range="clip_before_scaling",
    lower_median=True,
)
SGDEPTH_DEPTH = DepthProtocol(
    truth="velodyne_png", resize="torch_inverse_depth", double_precision=True
)
# The twentieth class is the network's own "void", which no ground truth has.
SGDEPTH_SEMANTICS = SemanticsProtocol(20, resize="labels_nearest", unknown_ids="nearest")
_SGDEPTH_WHOLE = replace(SGDEPTH_DEPTH, crop="none", above_m=0.0, below_m=inf)
SEMSEG_DEPTH = DepthProtocol(
    truth="velodyne_z",
    resize="spline_depth",
    scaling="none",
    out_of_range="clip_before_scaling",
)
SEMSEG_SEMANTICS = SemanticsProtocol(resize="truth_nearest")
_SEMSEG_RUNNING = replace(SEMSEG_DEPTH, above_m=0.0, min_depth=0.0, out_of_range="drop")

PROTOCOLS: Mapping[str, Protocols] = MappingProxyType(
    {
        "omeganet": Protocols(
            depth=OMEGANET_DEPTH,
            flow=OMEGANET_FLOW,
            semantics=OMEGANET_SEMANTICS,
            semantics_variants={
                "cityscapes_crop": replace(OMEGANET_SEMANTICS, top_four_fifths=True)
            },
        ),
        "sgdepth": Protocols(
            depth=SGDEPTH_DEPTH,
            semantics=SGDEPTH_SEMANTICS,
            depth_variants={
                "improved": replace(_SGDEPTH_WHOLE, truth="improved"),
                "kitti2015": replace(_SGDEPTH_WHOLE, truth="kitti2015_png"),
                "cityscapes": replace(SGDEPTH_DEPTH, crop="cityscapes"),
                "first_quarter": replace(SGDEPTH_DEPTH, ratio_share=0.25),
            },
        ),
        "insta_dm": Protocols(
            depth=INSTA_DM_DEPTH,
            depth_variants={"training": INSTA_DM_TRAINING},
        ),
        "semseg": Protocols(
            depth=SEMSEG_DEPTH,
            semantics=SEMSEG_SEMANTICS,
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
