"""Convolution blocks and the resizing and padding rules of TensorFlow 1.

Published TensorFlow networks only give their numbers with TensorFlow's own rules: ``SAME``
padding that puts the odd sample after the image, resizes without half-pixel centres, batch
norm without a scale. Each rule stands here once, with the place that it comes from.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class BatchNorm(nn.Module):
    """Batch norm with an offset and no scale (slim's default): ``y = (x - mean) / std + bias``.

    Not ``nn.BatchNorm2d``: that one trains a scale which the published networks do not have,
    and saves a scale and a step counter which their checkpoints do not hold. Here parameters
    and buffers are exactly the published variables (beta, moving_mean, moving_variance).
    """

    eps = 1e-3
    momentum = 1e-3

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    running_mean: Tensor
    running_var: Tensor

    def forward(self, features: Tensor) -> Tensor:
        """Normalise ``(B, C, H, W)`` by running statistics (batch statistics in training)."""
        return F.batch_norm(
            features,
            self.running_mean,
            self.running_var,
            weight=None,
            bias=self.bias,
            training=self.training,
            momentum=self.momentum,
            eps=self.eps,
        )


class ReflectConv(nn.Module):
    """Convolution after reflection padding of one sample on every side (``networks/ops.py``).

    The published code pads by one whatever the kernel size, so a 1x1 kernel grows the map by
    two rows and two columns. With stride 2 the kernel's centres are samples 0, 2, 4, ...

    Args:
        norm: batch norm and ReLU after the convolution, which then has no bias.
    """

    def __init__(
        self, inputs: int, outputs: int, *, stride: int = 1, kernel: int = 3, norm: bool = True
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, bias=not norm)
        self.norm = BatchNorm(outputs) if norm else None
        self.linear = not norm

    def forward(self, features: Tensor) -> Tensor:
        """Convolve ``(B, inputs, H, W)`` with H, W >= 2."""
        features = self.conv(F.pad(features, (1, 1, 1, 1), mode="reflect"))
        if self.norm is not None:
            features = self.norm(features)
        return features if self.linear else F.relu(features, inplace=True)

    @torch.no_grad()
    def fold(self) -> None:
        """Move batch norm's running statistics into the convolution's weight and bias."""
        if self.norm is None:
            return
        norm = self.norm.double()
        scale = (norm.running_var + norm.eps).rsqrt()
        self.conv.weight.copy_(self.conv.weight * scale.view(-1, 1, 1, 1))
        bias = norm.bias - norm.running_mean * scale
        self.conv.bias = nn.Parameter(bias.to(self.conv.weight.dtype))
        self.norm = None


def doubling_kernel(weight: Tensor) -> Tensor:
    """Return the kernel of ``convolve_doubled``. # (O, C, 3, 3) -> (4 O, C, 2, 2)."""
    kernel = _pairs_of_taps(_pairs_of_taps(weight, 2), 4)  # (O, C, 2, 2, 2, 2)
    return kernel.permute(0, 2, 4, 1, 3, 5).flatten(0, 2)


def convolve_doubled(features: Tensor, kernel: Tensor, bias: Tensor) -> Tensor:
    """Double the size of ``features`` (nearest), reflect the border and convolve, in one step.

    Each of four interleaved outputs sees 2x2 different samples under the 3x3 kernel: 4/9 of the
    arithmetic, and nothing of the large size but the output. A reflected border of the doubled
    image is a repeated one of the small image.

    Args:
        features: # (B, C, h, w)
        kernel: as ``doubling_kernel`` returns. # (4 O, C, 2, 2)
        bias: # (O,)

    Returns:
        # (B, O, 2h, 2w)
    """
    height, width = features.shape[2:]
    phases = F.conv2d(_repeat_border(features), kernel, bias.repeat_interleave(4))
    return F.pixel_shuffle(phases, 2)[..., 1 : 2 * height + 1, 1 : 2 * width + 1]


def _pairs_of_taps(kernel: Tensor, axis: int) -> Tensor:
    """Split an axis of 3 taps into (2, 2): what outputs 2i - 1 and 2i read of i - 1 and i."""
    before, centre, after = kernel.unbind(axis)
    odd = torch.stack([before + centre, after], axis)
    return torch.stack([odd, torch.stack([before, centre + after], axis)], axis)


def _repeat_border(images: Tensor) -> Tensor:
    """Repeat the border of ``(B, C, H, W)`` once on every side."""
    # Not ``F.pad``, whose replication is exported as two gathers.
    higher = torch.cat([images[:, :, :1], images, images[:, :, -1:]], 2)
    return torch.cat([higher[..., :1], higher, higher[..., -1:]], 3)


def fold_batch_norm(network: nn.Module) -> None:
    """Fold every batch norm of ``network`` into its convolution, in place, for inference.

    The outputs stay the same up to rounding. What is folded can no longer be trained, nor
    saved or loaded under the names of the original.
    """
    for module in network.modules():
        if isinstance(module, ReflectConv):
            module.fold()


class SameConv(nn.Module):
    """3x3 convolution with TensorFlow's ``SAME`` zero padding and a leaky ReLU.

    With stride 2 on an even size ``SAME`` pads nothing before and one sample after, so the
    kernel's centres are samples 1, 3, 5, ...: PyTorch's symmetric padding gives 0, 2, 4, ...

    Args:
        linear: no activation after the convolution.
        slope: of the activation for negative values.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        stride: int = 1,
        dilation: int = 1,
        linear: bool = False,
        slope: float = 0.2,
    ) -> None:
        super().__init__()
        padding = dilation if stride == 1 else 0
        self.conv = nn.Conv2d(inputs, outputs, 3, stride, padding, dilation)
        self.linear = linear
        self.slope = slope

    def forward(self, features: Tensor) -> Tensor:
        """Convolve ``(B, inputs, H, W)``; H and W even for stride 2."""
        if self.conv.stride[0] == 2:
            features = F.pad(features, (0, 1, 0, 1))
        features = self.conv(features)
        return features if self.linear else F.leaky_relu(features, self.slope, inplace=True)


def resize_bilinear(images: Tensor, height: int, width: int) -> Tensor:
    """Resize ``(B, C, H, W)`` as ``tf.image.resize_bilinear`` of TensorFlow 1.

    Output sample ``i`` reads source position ``i * in / out``: no half-pixel centres, the
    far edge is repeated. ``F.interpolate`` has no such mode. Where sizes grow by whole factors,
    aligning the corners of images with one more row and column gives these positions.
    """
    old_height, old_width = images.shape[2:]
    if (height, width) == (old_height, old_width):
        return images
    if height % old_height or width % old_width:
        return _resize_axis(_resize_axis(images, 2, height), 3, width)
    # Not ``F.pad``, whose replication is exported as two gathers.
    longer = torch.cat([images, images[:, :, -1:]], 2)
    longer = torch.cat([longer, longer[..., -1:]], 3)
    resized = F.interpolate(longer, (height + 1, width + 1), mode="bilinear", align_corners=True)
    return resized[..., :height, :width]


def resize_nearest(images: Tensor, height: int, width: int) -> Tensor:
    """Resize ``(B, C, H, W)`` as ``tf.image.resize_nearest_neighbor``: source floor(i*in/out).

    PyTorch's ``nearest`` (not ``nearest-exact``) is the same rule in the same precision.
    """
    return F.interpolate(images, (height, width), mode="nearest")


def _resize_axis(images: Tensor, axis: int, size: int) -> Tensor:
    old = images.shape[axis]
    if old == size:
        return images
    position = _source_positions(old, size, images.device)
    lower = position.long()
    first = images.index_select(axis, lower)
    second = images.index_select(axis, (lower + 1).clamp(max=old - 1))
    fraction = position - lower
    return first + (second - first) * (fraction if axis == 3 else fraction[:, None])


def _source_positions(old: int, new: int, device: torch.device) -> Tensor:
    """Return ``i * old / new`` in float32, as TensorFlow computes it."""
    position = torch.arange(new, dtype=torch.float32, device=device) * (old / new)
    return position.clamp(max=old - 1)


def check_image_size(height: int, width: int, *, multiple: int, minimum: int) -> None:
    """Refuse image sizes that a network's pyramid cannot halve and reflect.

    Raises:
        ValueError: naming the size and the rule.
    """
    if height % multiple or width % multiple or min(height, width) < minimum:
        raise ValueError(
            f"image height and width must be multiples of {multiple} px and at least {minimum} px, "
            f"got {height}x{width}; resize the image first"
        )
