"""OmegaNet with weights to begin with."""

from __future__ import annotations

from offline.training.initialization import initialize, quiet
from offline.training.matching_start import start_matching
from scene_perception.checkpoints.weights import Uninitialised
from scene_perception.models.dsnet import DSNetLevel
from scene_perception.models.omeganet import OmegaNet
from scene_perception.models.sd_ofnet import FlowEstimator


def initialized_omeganet(how: str, seed: int) -> OmegaNet:
    """Return OmegaNet with random weights.

    ``xavier`` is all that the published code does. With ``he`` the last layers of depth, flow and
    the camera begin small: depth the same everywhere, no flow, no motion. ``matching`` is ``he``
    with estimators of flow that read costs from the first step on.
    """
    with Uninitialised():
        network = OmegaNet()
    initialize(network, how, seed)
    if how != "xavier":
        decoder, camera = network.sd_ofnet.decoder, network.camera_net.decoder
        levels = (level for level in network.modules() if isinstance(level, DSNetLevel))
        estimators = (part for part in network.modules() if isinstance(part, FlowEstimator))
        quiet(decoder.context[-1], camera.pose, camera.focal_lengths, camera.offsets)
        quiet(*(level.disparity[-1] for level in levels))
        quiet(*(estimator.flow for estimator in estimators))
    if how == "matching":
        start_matching(network.sd_ofnet)
    return network
