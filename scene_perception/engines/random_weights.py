"""Networks with random weights: meaningless outputs that look alive, the same every time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scene_perception.models.dwarf import DWARF
from scene_perception.models.dwarf_blocks import ContextNetwork
from scene_perception.models.dwarf_decoder import UNIT_PX
from scene_perception.models.dwarf_encoder import SLOPE
from scene_perception.models.insta_dm import InstaDM
from scene_perception.models.layers import BatchNorm
from scene_perception.models.omeganet import OmegaNet
from scene_perception.models.pose_net import PoseNet
from scene_perception.models.sgdepth import SGDepth

_TURN, _SHIFT = (0.001, -0.002, 0.0005), (0.01, 0.0, -0.2)  # rad, units: ahead and to the right


def random_omeganet(seed: int = 0) -> OmegaNet:
    """Return a network whose depth, labels and flow vary over the image.

    He's initialisation, then batch-norm statistics taken from one image of smooth noise:
    without them the signal fades over the layers and every pixel gets the same depth and
    label. PyTorch's random state is left as it was.
    """
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        network = OmegaNet()
        _initialise(network)
        image = _noise_image()
        _calibrate(network.dsnet, lambda: network.dsnet(image))
        _calibrate(network.camera_net, lambda: network.camera_net(image, image, image))
    return network.eval()


def random_sgdepth(seed: int = 0) -> SGDepth:
    """Return a network whose depth and labels vary over the image and whose camera moves.

    As ``random_omeganet``, and then the last layers are scaled on the same image. PyTorch's
    random state is left as it was.
    """
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        network = SGDepth()
        _initialise(network)
        image = _noise_image()
        _calibrate(network, lambda: network(image, image, image))
        scene = network.eval().scene
        _scale(scene.depth.predictions[0], lambda: scene(image), -3.0, 1.0)
        _scale(scene.segmentation.prediction, lambda: scene(image), 0.0, 1.0)
        pose = network.ego_motion
        _scale_pose(pose.net, lambda: pose(image, image), (*_TURN, *_SHIFT))
    return network


def random_insta_dm(seed: int = 0) -> InstaDM:
    """Return the networks of depth and ego-motion likewise; those of objects are left out."""
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        network = InstaDM(object_pose=False)
        _initialise(network)
        image = _noise_image()
        depth, pose = network.disp_net, network.ego_pose_net
        _calibrate(network.disp_net, lambda: depth(image))
        _scale(depth.eval().predictions[0], lambda: depth(image), -1.5, 0.7)
        if pose is not None:
            _calibrate(pose, lambda: pose.vector(image, image))
            _scale_pose(pose.eval().net, lambda: pose.vector(image, image), (*_SHIFT, *_TURN))
    return network.eval()


def _initialise(network: nn.Module) -> None:
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")


def _noise_image() -> Tensor:
    return F.interpolate(torch.rand(1, 3, 12, 40), (192, 640), mode="bilinear")


def _calibrate(network: nn.Module, run: Callable[[], object]) -> None:
    """Set the running statistics of every batch norm to those of what ``run`` feeds it."""
    norms = [m for m in network.modules() if isinstance(m, (BatchNorm, nn.BatchNorm2d))]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 1.0
    network.train()
    run()
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum


def _scale(
    layer: nn.Module, run: Callable[[], object], mean: float | Tensor, spread: float
) -> None:
    """Give every output channel of a convolution this mean and spread over what ``run`` feeds."""
    seen: list[Tensor] = []
    with layer.register_forward_hook(lambda _module, _inputs, output: seen.append(output)):
        run()
    parameters = {name.removeprefix("conv."): p for name, p in layer.named_parameters()}
    _rescale(parameters["weight"], parameters["bias"], seen[-1], mean, spread)


def _rescale(
    weight: Tensor, bias: Tensor, outputs: Tensor, mean: float | Tensor, spread: float
) -> None:
    """Change a convolution in place so that ``outputs`` would get this mean and spread."""
    scale = spread / outputs.std((0, 2, 3))
    weight.mul_(scale.view(-1, 1, 1, 1))
    bias.copy_(mean - scale * (outputs.mean((0, 2, 3)) - bias))


def _scale_pose(net: PoseNet, run: Callable[[], object], vector: Sequence[float]) -> None:
    """Make ``net`` say about ``vector`` of what ``run`` feeds, and other things of others."""
    _scale(net.prediction, run, torch.tensor(vector) / net.scale, 0.01 / net.scale)


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
        image = _noise_image()
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
        residual = arrays[f"level2_residual_{name}"]
        _rescale(*_last_layer(context), residual, mean_px / UNIT_PX, spread_px / UNIT_PX)


def _last_layer(context: ContextNetwork) -> tuple[Tensor, Tensor]:
    """Return weight and bias of the last convolution, to be changed in place."""
    layer = context.layers[-1].state_dict()
    return layer["conv.weight"], layer["conv.bias"]
