from __future__ import annotations

from collections.abc import Mapping

import pytest

from offline.benchmarks import network as omeganet
from offline.benchmarks import stereo_network
from offline.benchmarks.network import STEP
from offline.benchmarks.stereo_network import (
    COST_VOLUMES,
    DEPTH_STEP,
    FRESH,
    PUBLISHED,
    cost_volume_macs,
    mac_rows,
    part_macs,
    random_engines,
    stage_rows,
    streaming_step,
    timing_rows,
)
from scene_perception.engines.base import Engine
from scene_perception.models.dwarf import PARTS

SIZE = (128, 128)


@pytest.fixture(scope="module")
def macs() -> dict[str, int]:
    return part_macs(*SIZE)


def test_a_step_is_its_parts_and_depth_leaves_motion_out(macs):
    assert macs[STEP] == sum(macs[part] for part in PARTS)
    assert macs[STEP] - macs[DEPTH_STEP] == macs["motion_refinement"]
    assert macs["motion_refinement"] == pytest.approx(2 * macs["disparity_refinement"], rel=0.01)


def test_fresh_images_are_encoded_once_more_than_a_step_does(macs):
    assert macs[FRESH] - macs[STEP] == macs["stereo_encoder"]


def test_the_published_graph_differs_from_ours_in_upsampling_alone(macs):
    """A transposed convolution is a 3x3 convolution of 36 taps here, with 16 that are not 0."""
    assert macs[PUBLISHED] < macs[FRESH] < 1.02 * macs[PUBLISHED]


def test_the_encoder_costs_what_its_layers_do(macs):
    pair = 2
    layers = {1: (3, 16), 2: (16, 32), 3: (32, 64), 4: (64, 96), 5: (96, 128), 6: (128, 196)}
    expected = sum(
        pair * (128 >> n) ** 2 * 9 * (inputs * outputs + 2 * outputs * outputs)
        for n, (inputs, outputs) in layers.items()
    )
    assert macs["stereo_encoder"] == expected


def test_cost_volumes_are_counted_by_hand_at_one_pixel_of_the_coarsest_level(macs):
    level_6 = 196 * 99 + 729
    level_5 = 4 * (128 * 99 + 729)
    level_4 = 16 * (96 * 99 + 729)
    level_3 = 64 * (64 * 99 + 729)
    level_2 = 256 * (32 * 99 + 729)
    expected = level_6 + level_5 + level_4 + level_3 + level_2
    assert cost_volume_macs(64, 64) == expected
    assert macs[COST_VOLUMES] == 4 * expected


def test_rows_say_network_and_size(monkeypatch):
    monkeypatch.setattr(stereo_network, "part_macs", lambda height, width: {"all": 2_500_000_000})
    assert mac_rows(64, 128) == [{"network": "DWARF", "size": "64x128", "part": "all", "GMAC": 2.5}]


@pytest.fixture(scope="module")
def engines() -> Mapping[str, Engine]:
    return random_engines(*SIZE)


def test_a_streaming_step_says_motion_only_where_it_is_asked_for(engines):
    with_motion, depth_alone = (
        streaming_step(engines, *SIZE, motion=motion)() for motion in (True, False)
    )
    assert with_motion.estimate.motion is not None
    assert depth_alone.estimate.motion is None
    assert "motion_refinement" not in depth_alone.timings_ns


@pytest.fixture
def one_network(monkeypatch, engines, macs) -> None:
    """Leave the other network out, and use what is there already."""
    monkeypatch.setattr(omeganet, "streaming_step", lambda height, width: lambda: None)
    monkeypatch.setattr(omeganet, "part_macs", lambda height, width: {STEP: 10**9})
    monkeypatch.setattr(stereo_network, "part_macs", lambda height, width: macs)
    monkeypatch.setattr(stereo_network, "random_engines", lambda height, width: engines)


def test_contenders_are_timed_in_one_run(one_network):
    rows = {row["what"]: row for row in timing_rows(*SIZE, repeats=1)}
    assert {STEP, DEPTH_STEP, FRESH, PUBLISHED} <= rows.keys()
    assert rows[STEP]["steps"] == 1
    assert all(row["median ms"] > 0 for row in rows.values())


def test_stages_include_every_part(one_network):
    stages = {row["stage"] for row in stage_rows(*SIZE, repeats=2)}
    assert stages >= {"preprocess", *PARTS, "buffer", "depth", "motion"}
