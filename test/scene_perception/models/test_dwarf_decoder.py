from __future__ import annotations

import torch

from scene_perception.models.dwarf import DWARF
from scene_perception.models.dwarf_decoder import level_channels, predictions, warped_views
from scene_perception.models.dwarf_encoder import LEVELS, STEREO_CHANNELS


def test_levels_read_as_many_channels_as_published() -> None:
    assert [level_channels(n) for n in (6, 5, 4, 3, 2)] == [180, 316, 284, 252, 220]


def test_motion_channels_are_disparity_next_disparity_and_flow() -> None:
    motion = torch.arange(4.0).view(1, 4, 1, 1)
    disparity, next_disparity, flow = predictions(motion)
    assert (disparity.item(), next_disparity.item()) == (0, 1)
    assert flow.flatten().tolist() == [2, 3]


def test_the_right_view_at_t1_is_sampled_at_flow_plus_next_disparity() -> None:
    ramp = torch.arange(8.0).expand(1, 1, 3, 8)
    shifts = torch.zeros(1, 4, 3, 8)
    shifts[:, 0], shifts[:, 1], shifts[:, 2] = -1.0, -3.0, 2.0
    right, following = warped_views(ramp, torch.cat([ramp, 10 + ramp]), shifts)
    assert right[0, 0, 0, 3:6].tolist() == [2, 3, 4]
    assert following[0, 0, 0, 3:6].tolist() == [5, 6, 7]
    assert following[1, 0, 0, 3:6].tolist() == [12, 13, 14]


def test_a_level_warps_by_twenty_times_the_motion_in_its_own_pixels(dwarf: DWARF) -> None:
    # At level 4 motion of -0.4 is -0.4 * 20 / 16 = -0.5 px.
    decoder = dwarf.scene_flow_decoder
    pair = torch.rand(2, 96, 4, 4, generator=torch.Generator().manual_seed(0))
    estimate = decoder.levels["level_5"](torch.zeros(1, 316, 2, 2))
    upsampled = torch.zeros(1, 8, 4, 4)
    upsampled[:, 0] = -0.4
    level = decoder.level_inputs(4, pair, pair, estimate._replace(upsampled=upsampled))
    expected = (pair[1:, :, :3, :3] + pair[1:, :, :3, 1:]) / 2
    torch.testing.assert_close(level.warped[0][:, :, :3, 1:], expected)


def test_the_trunk_stays_channels_last_where_the_features_are(dwarf: DWARF) -> None:
    features = [torch.rand(2, STEREO_CHANNELS[n], 64 >> n, 128 >> n) for n in LEVELS]
    turned = [level.contiguous(memory_format=torch.channels_last) for level in features]
    for pyramid, last in ((features, False), (turned, True)):
        both = [level for level in pyramid for _ in range(2)]
        trunk = dwarf.scene_flow_decoder(*both).trunk
        assert trunk.is_contiguous(memory_format=torch.channels_last) == last
