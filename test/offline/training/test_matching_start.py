"""Networks that match from their first step."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from offline.training.dwarf_motions import initialized_dwarf
from offline.training.omeganet_start import initialized_omeganet
from scene_perception.models.dwarf_blocks import COST_CHANNELS
from scene_perception.models.dwarf_decoder import UNIT_PX
from scene_perception.models.dwarf_encoder import STEREO_CHANNELS
from scene_perception.models.sd_ofnet import FLOW_CHANNELS

_LEVEL = 4
_SIZE = (24, 32)
_INNER = (..., slice(6, -6), slice(6, -6))


@pytest.fixture(scope="module")
def flow_estimator():
    return initialized_omeganet("matching", 0).sd_ofnet.decoder.estimators[f"level_{_LEVEL}"]


@pytest.fixture(scope="module")
def dwarf():
    return initialized_dwarf("matching", 0)


def _features(channels: int) -> Tensor:
    noise = torch.randn(1, channels, *_SIZE, generator=torch.Generator().manual_seed(1))
    return F.avg_pool2d(noise, 3, 1, 1)


@torch.no_grad()
@pytest.mark.parametrize(("x", "y"), [(2, 0), (-3, 0), (0, 2), (1, -2)])
def test_flow_points_where_the_features_have_gone(flow_estimator, x, y):
    target = _features(FLOW_CHANNELS[_LEVEL])
    sources = torch.cat([target.roll((y, x), (2, 3)), target.roll((-y, -x), (2, 3))])
    flow = flow_estimator(target, sources, torch.zeros(2, 2, *_SIZE)).flow[_INNER].mean((2, 3))
    for found, sign in zip(flow, (1, -1), strict=True):
        along = found @ torch.tensor([x, y], dtype=torch.float32) / (x * x + y * y)
        across = found @ torch.tensor([-y, x], dtype=torch.float32)
        assert sign * float(along) > 0.1
        assert abs(float(across)) < 0.25 * abs(float(along)) * (x * x + y * y) ** 0.5


@torch.no_grad()
def test_where_nothing_can_be_matched_flow_is_passed_on(flow_estimator):
    nothing = torch.zeros(1, FLOW_CHANNELS[_LEVEL], *_SIZE)
    told = torch.tensor([[3.0, -1.5], [-3.0, 1.5]])[:, :, None, None].expand(2, 2, *_SIZE)
    flow = flow_estimator(nothing, torch.cat([nothing, nothing]), told).flow
    torch.testing.assert_close(flow[_INNER], told[_INNER], atol=0.6, rtol=0)


@torch.no_grad()
@pytest.mark.parametrize("level", [5, 4, 3])
def test_heads_pass_on_the_coarser_motion_where_nothing_can_be_matched(dwarf, level):
    nothing = torch.zeros(1, COST_CHANNELS + STEREO_CHANNELS[level], *_SIZE)
    told = torch.tensor([-1.0, -2.0, 0.5, 0.25]).view(1, 4, 1, 1).expand(1, 4, *_SIZE)
    inputs = torch.cat([nothing, told, torch.zeros(1, 4, *_SIZE)], 1)
    motion = dwarf.scene_flow_decoder.levels[f"level_{level}"](inputs).motion
    torch.testing.assert_close(motion[_INNER], told[_INNER], atol=0.3, rtol=0)


@torch.no_grad()
@pytest.mark.parametrize("shift", [3, -2])
def test_disparity_follows_the_right_views_shift(dwarf, shift):
    left, still = _features(STEREO_CHANNELS[6]), _features(STEREO_CHANNELS[6])
    decoder = dwarf.scene_flow_decoder
    current = torch.cat([left, left.roll(shift, 3)])
    inputs = decoder.level_inputs(6, current, torch.cat([still, still]), None).inputs
    plain = decoder.level_inputs(6, torch.cat([left, left]), torch.cat([still, still]), None).inputs
    said, unmoved = (
        decoder.levels["level_6"](i).motion[_INNER].mean((2, 3))[0] for i in (inputs, plain)
    )
    moved_px = (said - unmoved) * UNIT_PX / 2**6
    assert float(moved_px[0]) * shift > 0.05
    assert abs(float(moved_px[1])) < 0.2 * abs(float(moved_px[0]))
