"""OmegaNet with random weights: meaningless outputs that look alive, the same every time."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from scene_perception.models.layers import BatchNorm
from scene_perception.models.omeganet import OmegaNet


def random_omeganet(seed: int = 0) -> OmegaNet:
    """Return a network whose depth, labels and flow vary over the image.

    He's initialisation, then batch-norm statistics taken from one image of smooth noise:
    without them the signal fades over the layers and every pixel gets the same depth and
    label. PyTorch's random state is left as it was.
    """
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        network = OmegaNet()
        for module in network.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        image = F.interpolate(torch.rand(1, 3, 12, 40), (192, 640), mode="bilinear")
    _calibrate(network, image)
    return network.eval()


@torch.no_grad()
def _calibrate(network: OmegaNet, image: torch.Tensor) -> None:
    """Set the running statistics of every batch norm to those of ``image``."""
    norms = [module for module in network.modules() if isinstance(module, BatchNorm)]
    for norm in norms:
        norm.momentum = 1.0
    network.train()
    network.dsnet(image)
    network.camera_net(image, image, image)
    for norm in norms:
        del norm.momentum
