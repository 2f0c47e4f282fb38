"""SD-OFNet that matches from its first step: its estimators begin as written, not only as drawn.

Random features already tell places apart: at 1/16 and 1/32 of the image the largest of 81 costs is
within a pixel of the truth for four pixels of five (street worlds, measured). Random estimators
cannot read that, and learning to takes thousands of steps. So some of their channels begin as
a reader of costs, the others as ever:

1. the costs of a shift, in both directions, blurred, less the mean over shifts, less a threshold;
2. the same once more: what is left stands out from its own surroundings;
3. its centre of gravity over the shifts, added to the flow that the coarser level has told;
4. passed on to the end. A value passes a leaky rectifier as two channels of opposite signs.

All of it is trained from there on.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from offline.training.initialization import bias_of
from scene_perception.models.layers import SameConv
from scene_perception.models.sd_ofnet import FLOW_CHANNELS, LEVELS, FlowEstimator, PairConv, SDOFNet

RANGE = 4
SHIFTS = (2 * RANGE + 1) ** 2
_SLOPE = 0.2
_BOTH = 1 + _SLOPE  # leaky(v) - leaky(-v) is this much of v
BLUR = ((1.0, 2.0, 1.0), (2.0, 4.0, 2.0), (1.0, 2.0, 1.0))
# Costs of random features deviate by about an eighth of this; thresholds are in deviations.
_CONTRAST, _THRESHOLD = 8.0, 1.0
# Of the centre of gravity; measured 0.1 to 0.3, levels 4 to 6. A coarse level errs rather low.
_GAIN = 0.1
_REST = 0.3  # of random weights beside all this, so that they do not drown it


@torch.no_grad()
def start_matching(network: SDOFNet) -> None:
    """Write the reader of costs into drawn weights, in place."""
    see_differences(network.encoder)
    for level in LEVELS:
        estimator = network.decoder.estimators[f"level_{level}"]
        if isinstance(estimator, FlowEstimator):
            _write(estimator, FLOW_CHANNELS[level])


def _write(estimator: FlowEstimator, features: int) -> None:
    pair, second, third, *others = estimator.hidden
    if not isinstance(pair, PairConv):
        raise TypeError(f"an estimator must begin with PairConv, got {type(pair).__name__}")
    _read_costs(pair.conv, features)
    _stand_out(_conv(second))
    _centre(_conv(third))
    for layer in others:
        _pass_on(_conv(layer))
    last = _conv(estimator.flow)
    last.weight *= _REST
    clear(last, range(2), keep=range(4, last.in_channels))
    for axis in range(2):
        _signed(last.weight, axis, 2 * axis, 1.0)


def _read_costs(conv: nn.Conv2d, features: int) -> None:
    """Channels 0 to 80: shifts; 81 to 84: plus and minus the flow's components."""
    conv.weight *= _REST
    clear(conv, range(SHIFTS + 4))
    blur = conv.weight.new_tensor(BLUR) / 16
    kernels = (_CONTRAST / 2) * less_mean(SHIFTS)[:, :, None, None] * blur
    conv.weight[:SHIFTS, :SHIFTS] = kernels
    # The other direction moves the other way: its shifts are those of the own, mirrored.
    conv.weight[:SHIFTS, SHIFTS : 2 * SHIFTS] = kernels.flip(1)
    bias_of(conv)[:SHIFTS] = -_THRESHOLD
    flow = 2 * SHIFTS + features
    for axis in range(2):
        for place, sign in ((0, 1.0), (1, -1.0)):
            conv.weight[SHIFTS + 2 * axis + place, flow + axis, 1, 1] = sign


def _stand_out(conv: nn.Conv2d) -> None:
    conv.weight *= _REST
    clear(conv, range(SHIFTS + 4))
    conv.weight[:SHIFTS, :SHIFTS, 1, 1] = less_mean(SHIFTS)
    bias_of(conv)[:SHIFTS] = -_THRESHOLD
    _pass_pairs(conv, SHIFTS, SHIFTS)


def _centre(conv: nn.Conv2d) -> None:
    """Channels 0 to 3: plus and minus the components of the flow, with what the costs add."""
    conv.weight *= _REST
    clear(conv, range(4))
    shift = torch.arange(SHIFTS)
    for axis, along in enumerate((shift % (2 * RANGE + 1), shift // (2 * RANGE + 1))):
        for place, sign in ((0, 1.0), (1, -1.0)):
            row = 2 * axis + place
            conv.weight[row, :SHIFTS, 1, 1] = sign * _GAIN * (along - RANGE).float()
            _signed(conv.weight, row, SHIFTS + 2 * axis, sign)


def _pass_on(conv: nn.Conv2d) -> None:
    conv.weight *= _REST
    clear(conv, range(4))
    _pass_pairs(conv, 0, 0)


def _pass_pairs(conv: nn.Conv2d, to: int, of: int) -> None:
    """Pass two values, each a pair of channels, from the channels ``of`` on."""
    for axis in range(2):
        for place, sign in ((0, 1.0), (1, -1.0)):
            _signed(conv.weight, to + 2 * axis + place, of + 2 * axis, sign)


def _signed(weight: Tensor, row: int, pair: int, sign: float) -> None:
    """Read the value that a pair of rectified channels carries."""
    weight[row, pair, 1, 1] = sign / _BOTH
    weight[row, pair + 1, 1, 1] = -sign / _BOTH


def see_differences(encoder: nn.Module) -> None:
    """Take the mean off an encoder's first kernels: what all pixels share makes costs alike."""
    first = encoder.get_submodule("levels.0.0.conv")
    if isinstance(first, nn.Conv2d):
        first.weight -= first.weight.mean((1, 2, 3), keepdim=True)


def clear(conv: nn.Conv2d, rows: range, keep: Sequence[int] = ()) -> None:
    """Take the drawn weights out of ``rows``, but for what they read of the channels ``keep``."""
    kept = conv.weight[rows.start : rows.stop, list(keep)].clone()
    conv.weight[rows.start : rows.stop] = 0
    conv.weight[rows.start : rows.stop, list(keep)] = kept
    bias_of(conv)[rows.start : rows.stop] = 0


def less_mean(count: int) -> Tensor:
    """Return what takes the mean off ``count`` values. # (count, count)."""
    return torch.eye(count) - 1 / count


def _conv(module: nn.Module) -> nn.Conv2d:
    if not isinstance(module, SameConv):
        raise TypeError(f"an estimator's layers must be SameConv, got {type(module).__name__}")
    return module.conv
