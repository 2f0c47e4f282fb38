"""Networks with random weights: meaningless outputs that look alive, the same every time."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scene_perception.models.dwarf import DWARF
from scene_perception.models.dwarf_blocks import ContextNetwork
from scene_perception.models.dwarf_decoder import UNIT_PX
from scene_perception.models.dwarf_encoder import SLOPE
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
def _calibrate(network: OmegaNet, image: Tensor) -> None:
    """Set the running statistics of every batch norm to those of ``image``."""
    norms = [module for module in network.modules() if isinstance(module, BatchNorm)]
    for norm in norms:
        norm.momentum = 1.0
    network.train()
    network.dsnet(image)
    network.camera_net(image, image, image)
    for norm in norms:
        del norm.momentum


def random_dwarf(seed: int = 0, *, width: int = 640) -> DWARF:
    """Return a network whose disparities and flow vary over the image.

    He's initialisation, a tenth of it where motion comes out; then the last layers are scaled
    on smooth noise. Disparities are about 2 to 12 % of ``width``, flow is a few pixels, and the
    disparity at t+1 is near the one at t, as its weights are the same but for a few percent
    of the last layer. PyTorch's random state is left as it was.
    """
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        network = DWARF()
        for module in network.modules():
            if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
                nn.init.kaiming_normal_(module.weight, a=SLOPE)
                if module.out_channels <= 2:
                    module.weight.mul_(0.1)
        image = F.interpolate(torch.rand(1, 3, 12, 40), (192, 640), mode="bilinear")
        _repeat_disparity(network)
        _scale_outputs(network, image, -0.06 * width)
        # Until here the disparity at t+1 is exactly that at t: nothing would move in depth.
        weight, _ = _last_layer(network.motion_refinement.next_disparity)
        weight.mul_(1 + 0.03 * torch.randn_like(weight))
    return network.eval()


def _repeat_disparity(network: DWARF) -> None:
    """Give the disparity at t+1 the weights of the one at t."""
    now, following = network.disparity_refinement, network.motion_refinement
    pairs: list[tuple[nn.Module, nn.Module]] = [
        (level.get_submodule("heads.disparity"), level.get_submodule("heads.next_disparity"))
        for level in network.scene_flow_decoder.levels.values()
    ]
    pairs.append((now.heads["disparity"], following.heads["next_disparity"]))
    pairs.append((now.disparity, following.next_disparity))
    for source, target in pairs:
        target.load_state_dict(source.state_dict())


def _scale_outputs(network: DWARF, image: Tensor, disparity_px: float) -> None:
    """Give the residuals for ``image`` their mean and spread; disparities are negative."""
    arrays = network.intermediates(image, image, image, image)
    wanted = {
        "disparity": (network.disparity_refinement.disparity, disparity_px, 0.25 * disparity_px),
        "disparity_change": (
            network.motion_refinement.next_disparity,
            disparity_px,
            0.25 * disparity_px,
        ),
        "flow": (network.motion_refinement.flow, 0.0, 2.0),
    }
    for name, (context, mean_px, spread_px) in wanted.items():
        residual, (weight, bias) = arrays[f"level2_residual_{name}"], _last_layer(context)
        scale = spread_px / UNIT_PX / residual.std((0, 2, 3))
        weight.mul_(scale.view(-1, 1, 1, 1))
        bias.copy_(mean_px / UNIT_PX - scale * (residual.mean((0, 2, 3)) - bias))


def _last_layer(context: ContextNetwork) -> tuple[Tensor, Tensor]:
    """Return weight and bias of the last convolution, to be changed in place."""
    layer = context.layers[-1].state_dict()
    return layer["conv.weight"], layer["conv.bias"]
