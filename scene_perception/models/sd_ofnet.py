"""SD-OFNet: optical flow from three images (``networks/selflow``)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from scene_perception.geometry.warp import resize_flow, warp_by_flow
from scene_perception.models.correlation import correlation, l2_normalize
from scene_perception.models.layers import SameConv, check_image_size

LEVELS = (2, 3, 4, 5, 6)
FLOW_CHANNELS = {2: 32, 3: 64, 4: 96, 5: 128, 6: 192}
_SEARCH_RANGE = 4
_COSTS = (2 * _SEARCH_RANGE + 1) ** 2
_FLOWS = 4
_CONTEXT = ((128, 1), (128, 2), (128, 4), (96, 8), (64, 16), (32, 1))


class FlowFeatures(NamedTuple):
    """One frame's features at 1/4, 1/8 ... 1/64 of its size. # (B, 32 ... 192, H/2^n, W/2^n)."""

    flow_features_2: Tensor
    flow_features_3: Tensor
    flow_features_4: Tensor
    flow_features_5: Tensor
    flow_features_6: Tensor


class FlowOutputs(NamedTuple):
    """Flow from the current to the next frame, px, channel 0 = x. # (B, 2, H, W)."""

    flow: Tensor


class FlowEstimate(NamedTuple):
    """Both directions at one level; the batch holds B forward, then B backward items.

    Attributes:
        flow: px of that level. # (2B, 2, h, w)
        features: the estimator's last hidden features. # (2B, 32, h, w)
        costs: each direction's own cost volume. # (2B, 81, h, w)
    """

    flow: Tensor
    features: Tensor
    costs: Tensor


class FlowEncoder(nn.Module):
    """Feature pyramid of one frame; level 1 is not kept, as nobody reads it."""

    def __init__(self) -> None:
        super().__init__()
        channels = (3, 16, *FLOW_CHANNELS.values())
        self.levels = nn.ModuleList(
            nn.Sequential(SameConv(inputs, outputs, stride=2), SameConv(outputs, outputs))
            for inputs, outputs in pairwise(channels)
        )

    def forward(self, image: Tensor) -> FlowFeatures:
        """Encode RGB images in 0..1, H and W multiples of 64. # (B, 3, H, W).

        Raises:
            ValueError: for another image size.
        """
        check_image_size(*image.shape[2:], multiple=64, minimum=64)
        pyramid = []
        for level in self.levels:
            image = level(image)
            pyramid.append(image)
        return FlowFeatures(*pyramid[1:])


class PairConv(nn.Module):
    """First convolution of an estimator, of half the published one's arithmetic.

    It reads [own costs, the other direction's costs, target features, own flow, minus the
    other's flow]. What the directions swap is diagonal in their sum and difference: with weights
    ``a`` and ``b`` of ``x`` and the other's ``y``, ``a x + b y`` and ``a y + b x`` are the sum
    and the difference of ``(a + b) (x + y) / 2`` and ``(a - b) (x - y) / 2``. The target is the
    same for both and goes with the sum. 2.5 of 22 giga multiply-accumulates less at 192x640.
    """

    def __init__(self, channels: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2 * _COSTS + channels + _FLOWS, outputs, 3, padding=1)

    def forward(self, costs: Tensor, target: Tensor, flow: Tensor) -> Tensor:
        """Convolve each direction's own ``(2B, 81, h, w)``, ``(2B, 2, h, w)``; ``(B, C, h, w)``."""
        forward, backward = torch.cat([costs, flow], 1).chunk(2)
        ends = (_COSTS, 2 * _COSTS, -_FLOWS, -_FLOWS // 2)
        own_costs, other_costs, features, own_flow, other_flow = self.conv.weight.tensor_split(
            ends, 1
        )
        own = torch.cat([own_costs, own_flow], 1) / 2
        other = torch.cat([other_costs, -other_flow], 1) / 2
        even = F.conv2d(
            torch.cat([forward + backward, target], 1),
            torch.cat([own + other, features], 1),
            self.conv.bias,
            padding=1,
        )
        odd = F.conv2d(forward - backward, own - other, padding=1)
        return F.leaky_relu(torch.cat([even + odd, even - odd]), 0.2, inplace=True)


class FlowEstimator(nn.Module):
    """Flow of one level from cost volumes, features and the coarser level's flow."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        widths = pairwise((128, 128, 96, 64, 32))
        self.hidden = nn.ModuleList(
            [PairConv(channels, 128), *(SameConv(inputs, outputs) for inputs, outputs in widths)]
        )
        self.flow = SameConv(32, 2, linear=True)

    def forward(self, target: Tensor, sources: Tensor, flow: Tensor) -> FlowEstimate:
        """Estimate both directions as one batch.

        Args:
            target: the current frame's features. # (B, C, h, w)
            sources: features of the next, then the previous frame. # (2B, C, h, w)
            flow: the coarser level's flow, resized to this level. # (2B, 2, h, w)
        """
        normalized, warped = l2_normalize(target), l2_normalize(warp_by_flow(sources, flow))
        costs = correlation(
            torch.cat([normalized, normalized]), warped, (_SEARCH_RANGE, _SEARCH_RANGE)
        )
        first, *others = self.hidden
        features = first(costs, target, flow)
        for layer in others:
            features = layer(features)
        return FlowEstimate(self.flow(features), features, costs)


class FlowDecoder(nn.Module):
    """Coarse-to-fine flow from three frames' features, refined at 1/4 of the image's size."""

    def __init__(self) -> None:
        super().__init__()
        self.estimators = nn.ModuleDict(
            {f"level_{n}": FlowEstimator(FLOW_CHANNELS[n]) for n in reversed(LEVELS)}
        )
        inputs, layers = 68, []
        for outputs, dilation in _CONTEXT:
            layers.append(SameConv(inputs, outputs, dilation=dilation))
            inputs = outputs
        self.context = nn.Sequential(*layers, SameConv(inputs, 2, linear=True))

    def forward(  # noqa: PLR0917 (an engine's inputs are named tensors)
        self,
        flow_features_2_previous: Tensor,
        flow_features_2_current: Tensor,
        flow_features_2_next: Tensor,
        flow_features_3_previous: Tensor,
        flow_features_3_current: Tensor,
        flow_features_3_next: Tensor,
        flow_features_4_previous: Tensor,
        flow_features_4_current: Tensor,
        flow_features_4_next: Tensor,
        flow_features_5_previous: Tensor,
        flow_features_5_current: Tensor,
        flow_features_5_next: Tensor,
        flow_features_6_previous: Tensor,
        flow_features_6_current: Tensor,
        flow_features_6_next: Tensor,
    ) -> FlowOutputs:
        """Return the forward flow from three frames' features.

        The backward flow is estimated along with it, since each direction reads the other's,
        but not refined: nobody reads that.
        """
        previous = (
            flow_features_2_previous,
            flow_features_3_previous,
            flow_features_4_previous,
            flow_features_5_previous,
            flow_features_6_previous,
        )
        current = (
            flow_features_2_current,
            flow_features_3_current,
            flow_features_4_current,
            flow_features_5_current,
            flow_features_6_current,
        )
        following = (
            flow_features_2_next,
            flow_features_3_next,
            flow_features_4_next,
            flow_features_5_next,
            flow_features_6_next,
        )
        finest = self.estimate(previous, current, following)[-1]
        forward = self.refinement_input(finest)[: flow_features_2_current.shape[0]]
        return FlowOutputs(full_size(self.context(forward)))

    def estimate(
        self,
        previous: Sequence[Tensor],
        current: Sequence[Tensor],
        following: Sequence[Tensor],
        *,
        finest: int = LEVELS[0],
    ) -> list[FlowEstimate]:
        """Return both directions at levels 6 to ``finest`` from three pyramids, level 2 first."""
        estimates: list[FlowEstimate] = []
        for level, estimator in zip(
            reversed(range(finest - LEVELS[0], len(LEVELS))), self.estimators.values(), strict=False
        ):
            sources = torch.cat([following[level], previous[level]])
            height, width = sources.shape[2:]
            if estimates:
                flow = resize_flow(estimates[-1].flow, height, width)
            else:
                flow = torch.zeros_like(sources[:, :2])
            estimates.append(estimator(current[level], sources, flow))
        return estimates

    def refinement_input(self, finest: FlowEstimate) -> Tensor:
        """Return the context network's input for both directions. # (2B, 68, h, w)."""
        features, flow = finest.features, finest.flow
        return torch.cat([features, other_direction(features), flow, -other_direction(flow)], 1)


class SDOFNet(nn.Module):
    """Optical flow from the second to the third of three images."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = FlowEncoder()
        self.decoder = FlowDecoder()

    def forward(self, previous: Tensor, current: Tensor, following: Tensor) -> FlowOutputs:
        """Return the flow of three RGB images in 0..1. # (B, 3, H, W) each."""
        pyramids = [self.encoder(image) for image in (previous, current, following)]
        triples = zip(*pyramids, strict=True)
        outputs: FlowOutputs = self.decoder(
            *(features for triple in triples for features in triple)
        )
        return outputs

    def both_directions(
        self, previous: Tensor, current: Tensor, following: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return the refined flows to the following and to the previous image, for training.

        # (B, 3, H, W) each -> 2 x (B, 2, H, W)
        """
        pyramids = [self.encoder(image) for image in (previous, current, following)]
        finest = self.decoder.estimate(*pyramids)[-1]
        refined = self.decoder.context(self.decoder.refinement_input(finest))
        to_following, to_previous = full_size(refined).chunk(2)
        return to_following, to_previous


def other_direction(both: Tensor) -> Tensor:
    """Swap the halves of a batch that holds forward, then backward items."""
    forward, backward = both.chunk(2)
    return torch.cat([backward, forward])


def full_size(refined: Tensor) -> Tensor:
    """Resize the refined flow from 1/4 to the image's size. # (B, 2, 4h, 4w)."""
    height, width = refined.shape[2:]
    return resize_flow(refined, 4 * height, 4 * width)
