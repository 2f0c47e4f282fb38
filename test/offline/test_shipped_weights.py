"""The weights that come with the package: their files, and that they see a street."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from offline.evaluation.choice import Overrides, choose_task, protocol_of
from offline.evaluation.run import evaluate
from offline.evaluation.sources import network_source
from offline.predictors.load import load_predictor
from offline.publish import CARD
from offline.sharding import Shard
from scene_perception.checkpoints.shipped import shipped_weights

_MODELS = ("omeganet", "dwarf")
_SIZE = {"height": 192, "width": 640}


@pytest.fixture(scope="module")
def street():
    """One of the streets that no training sees."""
    from offline.datasets.generated import read_generated

    return read_generated("900001-900001")


@pytest.fixture(scope="module")
def omeganet():
    return load_predictor("omeganet", "", device="cpu", **_SIZE)


def _figures(predictor, task_name, samples):
    task = choose_task(task_name, protocol_of(task_name, predictor.model), Overrides())
    task = task.fitted(samples)
    with torch.no_grad():
        source = network_source(predictor, task.output)
        return evaluate(samples, source, task, Shard()).conclude(task)


@pytest.mark.parametrize("model", _MODELS)
def test_files_are_small_enough_for_a_repository_and_have_a_card(model):
    folder = shipped_weights(model)
    assert folder is not None
    assert all(file.stat().st_size < 15e6 for file in folder.iterdir())
    card = (folder / CARD).read_text()
    for part in ("## Training", "## Figures", "## Known failures", "## Licence"):
        assert part in card


def test_all_of_them_are_less_than_60_megabytes():
    files = [file for model in _MODELS for file in shipped_weights(model).iterdir()]
    assert sum(file.stat().st_size for file in files) < 60e6


def test_depth_and_labels_are_those_of_the_street(omeganet, street):
    depth = _figures(omeganet, "depth", street)
    labels = _figures(omeganet, "semantics", street)
    assert depth["abs_rel"] < 0.35
    assert labels["pixel_accuracy"] > 0.6


def test_flow_is_nearer_to_the_truth_than_none(omeganet, street):
    flow, valid = street[0].known("flow_occ")
    none = float(np.linalg.norm(flow[valid], axis=1).mean())
    assert _figures(omeganet, "flow", street)["epe_occ"] < 0.8 * none


def test_disparity_is_nearer_to_the_truth_than_none(street):
    dwarf = load_predictor("dwarf", "", device="cpu", **_SIZE)
    found = _figures(dwarf, "scene_flow", street)
    assert found["d1_all"] < 90
