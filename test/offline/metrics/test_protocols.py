import dataclasses

import pytest

from offline.metrics.protocols import PROTOCOLS, Protocols, describe


def all_of(rules: Protocols):
    main = [rules.depth, rules.flow, rules.semantics, rules.trajectory]
    return [
        protocol
        for protocol in (*main, *rules.depth_variants.values(), *rules.semantics_variants.values())
        if protocol is not None
    ]


def test_every_system_has_its_protocols():
    assert set(PROTOCOLS) == {"omeganet", "sgdepth", "insta_dm", "semseg", "kitti2015"}


@pytest.mark.parametrize("system", PROTOCOLS)
def test_protocols_that_differ_are_described_differently(system):
    protocols = all_of(PROTOCOLS[system])
    told = {describe(protocol) for protocol in protocols}
    assert len(told) == len(set(protocols)) == len(protocols)


def test_ground_truths_are_those_of_the_table():
    truths = {name: rules.depth.truth for name, rules in PROTOCOLS.items() if rules.depth}
    assert truths == {
        "omeganet": "velodyne_forward",
        "sgdepth": "velodyne_png",
        "insta_dm": "velodyne_forward",
        "semseg": "velodyne_z",
    }


def test_protocols_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        PROTOCOLS["sgdepth"].depth.crop = "none"
    with pytest.raises(TypeError):
        PROTOCOLS["mine"] = Protocols()
